import { resolve } from "node:path";
import type { SamplePlan } from "@videosafety/video-sampler";
import { sampleFrames } from "@videosafety/video-sampler";
import { DefenseError } from "../../errors.js";
import type { GuardVideo } from "../engine/guard-engine.js";

const PICTURE = /\.(png|jpe?g|webp|bmp)$/i;

/** Whether a path names a picture. */
export const isPicture = (path: string): boolean => PICTURE.test(path);

/**
 * Frames of one item's video or picture, by the guard's plan.
 *
 * @param options.undamaged refuse what has a frame that did not decode: a verdict on it would be about something else
 * @throws VideoSamplerError; DefenseError `invalid-input` for damage
 */
export async function sampleItem(
  path: string,
  root: string,
  plan: SamplePlan,
  { signal, undamaged = false }: { readonly signal?: AbortSignal | undefined; readonly undamaged?: boolean } = {},
): Promise<GuardVideo> {
  const source = /^https?:/i.test(path) ? path : resolve(root, path);
  const own: SamplePlan = isPicture(path) ? { type: "indices", indices: [0] } : plan;
  const sampled = await sampleFrames(source, own, signal ? { signal } : {});
  const { frames, timestampsSeconds, sampledFrameRate, frameInfo } = sampled;
  if (undamaged && frameInfo.some(({ decodeError }) => decodeError))
    throw new DefenseError(
      "invalid-input",
      `${path}: expected a picture or video without damage, found a frame that does not decode`,
    );
  return { frames, timestampsSeconds, sampledFrameRate };
}
