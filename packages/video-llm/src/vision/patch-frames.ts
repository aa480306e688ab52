import { patchify, resizePillow, videoLlama3ImageSize } from "@videosafety/video-sampler";
import { isQwenVl, type VideoLlmConfig } from "../config/config.js";
import { OptionsError, PromptError } from "../errors.js";
import type { EncodeOptions, FramesWithTimes, TimedPatches } from "./frames-with-times.js";
import { imageLimits, type PreprocessorConfig } from "./preprocessor-config.js";
import { qwenVlPatches } from "./qwen-vl-patches.js";
import { patchSquares } from "./smolvlm2-patches.js";
import { checkTimes, meanStep } from "./visual-features.js";

/**
 * Resizes frames as the model's family does (as Pillow; bicubic, or for SmolVLM2 Lanczos to squares) and cuts patches
 * (Qwen-VL: over pairs of frames). The only way from pixels to patches: training, guards and answers see the same.
 *
 * @throws PromptError `empty-video` for zero frames, `visual-count` for times that are not one per frame.
 */
export function patchFrames(
  video: FramesWithTimes,
  options: EncodeOptions,
  config: VideoLlmConfig,
  preprocessor: PreprocessorConfig,
): TimedPatches {
  const { frames, timestampsSeconds } = video;
  const [frameCount, height, width] = frames.dims;
  if (frameCount < 1)
    throw new PromptError("empty-video", "expected at least one frame, found none; sample the video with minFrames: 1");
  const { kind = "video" } = options;
  if (kind === "image" && frameCount !== 1) {
    throw new PromptError(
      "visual-count",
      `expected one frame in an image, found ${frameCount}; encode each image by itself`,
    );
  }
  if (isQwenVl(config)) return patchPairs(video, options, config, preprocessor);
  if (config.family === "smolvlm2") return patchSquares(video, kind, config, preprocessor);
  const { patchSize, imageMean, imageStd } = preprocessor;
  const { mergeSize, minTokens, maxTokens } = kind === "image" ? imageLimits(preprocessor) : preprocessor;
  const size = videoLlama3ImageSize({ height, width }, { frameCount, patchSize, mergeSize, minTokens, maxTokens });
  const resized = size.height === height && size.width === width ? frames : resizePillow(frames, size, "bicubic");
  const triple = (values: readonly number[]) => values as unknown as readonly [number, number, number];
  const patches = patchify(resized, { patchSize, mergeSize, mean: triple(imageMean), std: triple(imageStd) });
  return { patches, timestampsSeconds };
}

/** The middle of each group of frames; the last frame stands in for those that are missing. */
function middleTimes(times: readonly number[], span: number): number[] {
  return Array.from({ length: Math.ceil(times.length / span) }, (_, group) => {
    const [first, last] = [group * span, Math.min(times.length, (group + 1) * span) - 1];
    return ((times[first] as number) + (times[last] as number)) / 2;
  });
}

/** Qwen-VL: patches that span two frames, timed by the first. */
function patchPairs(
  { frames, timestampsSeconds, sampledFrameRate }: FramesWithTimes,
  options: EncodeOptions,
  config: VideoLlmConfig,
  preprocessor: PreprocessorConfig,
): TimedPatches {
  const times = Array.from(timestampsSeconds);
  if (times.length !== frames.dims[0]) {
    throw new PromptError(
      "visual-count",
      `expected ${frames.dims[0]} timestamps, one per frame, found ${times.length}`,
    );
  }
  const { temporalPatchSize: span } = config.vision;
  checkTimes(times, "of frames");
  for (const rate of [options.framesPerSecond, sampledFrameRate]) {
    if (rate === undefined || (rate > 0 && Number.isFinite(rate))) continue;
    throw new OptionsError(`expected frames per second above 0, found ${rate}; leave it out to go by the timestamps`);
  }
  const { kind = "video", framesPerSecond = sampledFrameRate ?? 1 / meanStep(times) } = options;
  const patches = qwenVlPatches(frames, kind, config, preprocessor);
  return {
    patches,
    timestampsSeconds: times.filter((_, i) => i % span === 0),
    framesPerSecond: framesPerSecond / span,
    ...(config.family === "qwen3-vl" && { toldSeconds: middleTimes(times, span) }),
  };
}
