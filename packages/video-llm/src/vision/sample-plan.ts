import type { SampledVideo, SamplePlan } from "@videosafety/video-sampler";
import type { VideoLlmConfig } from "../config/config.js";

/** Bounds on the frames of a video; what is left out is the family's own default. */
export interface SampleLimits {
  /** Frames per second of video. */
  readonly fps?: number;
  /** Most frames. */
  readonly maxFrames?: number;
}

/** qwen-vl-utils' least number of frames. */
const QWEN_MIN_FRAMES = 4;

/**
 * How a family of models is shown videos: the plan of the authors' own loader, within bounds.
 *
 * @example samplePlanFor(model.config.family, { maxFrames: 16 })
 */
export function samplePlanFor(family: VideoLlmConfig["family"], limits: SampleLimits = {}): SamplePlan {
  switch (family) {
    case "videollama3":
      return { type: "videollama3-reference", ...limits };
    case "smolvlm2":
      return { type: "smolvlm2", ...limits };
    case "qwen2-vl":
    case "qwen2.5-vl":
    case "qwen3-vl": {
      const { maxFrames } = limits;
      const least = maxFrames !== undefined && maxFrames < QWEN_MIN_FRAMES ? { minFrames: maxFrames } : {};
      return { type: "qwen2.5-vl", ...limits, ...least };
    }
  }
}

/**
 * The rate of frames that a family is told, as an option of `encodeVideo`: Qwen2.5-VL tells time by the rate over the whole video
 * (transformers' `sampled_fps`), the others by timestamps.
 */
export function toldFrameRate(
  family: VideoLlmConfig["family"],
  { info, timestampsSeconds }: Pick<SampledVideo, "info" | "timestampsSeconds">,
): { framesPerSecond?: number } {
  const duration = info.declaredDurationSeconds;
  if (family !== "qwen2.5-vl" || duration === null || duration <= 0) return {};
  return { framesPerSecond: timestampsSeconds.length / duration };
}
