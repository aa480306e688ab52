import type { BlindSpotReport, BlindSpotSettings } from "../blind-spots/blind-spot-report.js";
import { openPartial, openPath } from "../decode/open-decoder-node.js";
import type { OpenOptions } from "../decode/open-options.js";
import { resolvePlan, type SamplePlan } from "../plan/sample-plan.js";
import { localFile, sourceForChild } from "../source/local-file-node.js";
import type { VideoSource } from "../source/video-source.js";
import type { SampledVideo } from "../video/sampled-video.js";
import { checkOptions } from "./check-options.js";
import { SamplerProcess } from "./isolated/sampler-process-node.js";
import { OpenedVideo } from "./opened-video.js";
import { openOptionsSchema, sampleOptionsSchema } from "./options-schema.js";
import { openedOptions, openingOptions, type SampleOptions } from "./sample-options.js";
import { withTimeout } from "./timeout.js";
import type { PlanExplanation, VideoDescription } from "./video-description.js";

/**
 * Opens a video for several samplings. Close it, or use `await using`.
 * @throws NotFoundError, NotMediaError, NoVideoStreamError, TruncatedError, DecoderMissingError, NoBackendError,
 * LimitExceededError
 */
export async function openVideo(source: VideoSource, options: OpenOptions = {}): Promise<OpenedVideo> {
  checkOptions(openOptionsSchema, options, "openVideo");
  const file = await localFile(source, options);
  try {
    const { path, partial } = file;
    const decoder = partial === undefined ? await openPath(path, options) : await openPartial(partial, options);
    return new OpenedVideo(decoder, file.remove);
  } catch (error) {
    await file.remove();
    throw error;
  }
}

/**
 * Samples a video: exactly the frames the plan names, with their times.
 *
 * @param source a path, URL, bytes, Blob, stream, or a folder of images
 * @param plan which frames, such as `{ type: "uniform", frameCount: 16 }`
 * @returns frames uint8 `[T, H, W, 3]` (upright RGB), timestamps `[T]` in seconds, facts about each frame, warnings
 * @throws NotFoundError, NotMediaError, NoVideoStreamError, TruncatedError, DecoderMissingError, DecodeFailedError,
 * NoBackendError, InvalidPlanError, LimitExceededError, SamplingTimeoutError, or the signal's reason
 */
export async function sampleFrames(
  source: VideoSource,
  plan: SamplePlan,
  options: SampleOptions = {},
): Promise<SampledVideo> {
  checkOptions(sampleOptionsSchema, options, "sampleFrames");
  resolvePlan(plan); // before any file is touched
  return withTimeout(options, (bounded) =>
    bounded.isolate === true
      ? sampleIsolated(source, plan, bounded)
      : withVideo(source, openingOptions(bounded), (video) => video.sample(plan, openedOptions(bounded))),
  );
}

async function sampleIsolated(source: VideoSource, plan: SamplePlan, options: SampleOptions): Promise<SampledVideo> {
  const file = await sourceForChild(source, options);
  const child = new SamplerProcess();
  try {
    return await child.sample(file.path, plan, options);
  } finally {
    child.kill();
    await file.remove();
  }
}

/** Reads a video's container through without decoding. @throws as {@link openVideo} */
export async function probe(source: VideoSource, options: OpenOptions = {}): Promise<VideoDescription> {
  return withVideo(source, options, (video) => video.describe(options.signal));
}

/** Which frames a plan takes from a video, and what that costs. @throws as {@link sampleFrames} */
export async function explainPlan(
  source: VideoSource,
  plan: SamplePlan,
  options: SampleOptions = {},
): Promise<PlanExplanation> {
  checkOptions(sampleOptionsSchema, options, "explainPlan");
  resolvePlan(plan);
  return withTimeout(options, (bounded) =>
    withVideo(source, openingOptions(bounded), (video) => video.explain(plan, openedOptions(bounded))),
  );
}

/**
 * What a model never sees of a video under a plan: the intervals, the longest insert that stays unseen, what is left of small patches.
 * @throws as {@link sampleFrames}
 */
export async function blindSpots(
  source: VideoSource,
  plan: SamplePlan,
  options: SampleOptions = {},
  settings: BlindSpotSettings = {},
): Promise<BlindSpotReport> {
  checkOptions(sampleOptionsSchema, options, "blindSpots");
  resolvePlan(plan);
  return withTimeout(options, (bounded) =>
    withVideo(source, openingOptions(bounded), (video) => video.blindSpots(plan, openedOptions(bounded), settings)),
  );
}

async function withVideo<T>(
  source: VideoSource,
  options: OpenOptions,
  use: (video: OpenedVideo) => Promise<T>,
): Promise<T> {
  const video = await openVideo(source, options);
  try {
    return await use(video);
  } finally {
    await video.close();
  }
}
