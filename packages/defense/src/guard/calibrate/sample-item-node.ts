import { resolve } from "node:path";
import type { SamplePlan } from "@videosafety/video-sampler";
import { sampleFrames } from "@videosafety/video-sampler";
import type { GuardVideo } from "../engine/guard-engine.js";

const PICTURE = /\.(png|jpe?g|webp|bmp)$/i;

/** Whether a path names a picture. */
export const isPicture = (path: string): boolean => PICTURE.test(path);

/** Frames of one item's video or picture, by the guard's plan. @throws VideoSamplerError */
export async function sampleItem(
  path: string,
  root: string,
  plan: SamplePlan,
  signal?: AbortSignal,
): Promise<GuardVideo> {
  const source = /^https?:/i.test(path) ? path : resolve(root, path);
  const own: SamplePlan = isPicture(path) ? { type: "indices", indices: [0] } : plan;
  const { frames, timestampsSeconds, sampledFrameRate } = await sampleFrames(source, own, signal ? { signal } : {});
  return { frames, timestampsSeconds, sampledFrameRate };
}
