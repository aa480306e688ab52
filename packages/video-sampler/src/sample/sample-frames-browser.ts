import { BrowserDecoder, type BrowserSource } from "../decode/browser-decoder.js";
import { resolvePlan, type SamplePlan } from "../plan/sample-plan.js";
import type { SampledVideo } from "../video/sampled-video.js";
import { checkPixels } from "../video/sampling-limits.js";
import { checkOptions } from "./check-options.js";
import { OpenedVideo } from "./opened-video.js";
import { openedSampleOptionsSchema } from "./options-schema.js";
import type { OpenedSampleOptions } from "./sample-options.js";

/**
 * Opens a video in a page or worker. Close it when done.
 * @throws NotMediaError, NoVideoStreamError, DecoderMissingError, LimitExceededError, NoBackendError without mediabunny
 */
export async function openVideo(
  source: BrowserSource,
  options: Pick<OpenedSampleOptions, "limits"> = {},
): Promise<OpenedVideo> {
  checkOptions(openedSampleOptionsSchema, options, "openVideo");
  const decoder = await BrowserDecoder.open(source);
  const video = new OpenedVideo(decoder, () => Promise.resolve());
  try {
    checkPixels(decoder.info, options.limits);
    return video;
  } catch (error) {
    await video.close();
    throw error;
  }
}

/**
 * Samples a video in a page or worker: the same plans and frame numbers as on Node; pixels as the browser converts them.
 * @returns frames uint8 `[T, H, W, 3]`, timestamps `[T]` in seconds, facts about each frame, warnings
 * @throws as {@link openVideo}, and InvalidPlanError, DecodeFailedError, or the signal's reason
 */
export async function sampleFrames(
  source: BrowserSource,
  plan: SamplePlan,
  options: OpenedSampleOptions = {},
): Promise<SampledVideo> {
  checkOptions(openedSampleOptionsSchema, options, "sampleFrames");
  resolvePlan(plan);
  const video = await openVideo(source, options);
  try {
    return await video.sample(plan, options);
  } finally {
    await video.close();
  }
}
