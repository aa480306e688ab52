import { patchify, type RgbFrames, resizePillow, videoLlama3ImageSize } from "@videosafety/video-sampler";
import { isQwenVl, type VideoLlmConfig } from "../config/config.js";
import { PromptError } from "../errors.js";
import type { PreprocessorConfig } from "./preprocessor-config.js";
import { qwenVlPatches } from "./qwen-vl-patches.js";
import { meanStep, type PatchedVideo } from "./visual-features.js";

/** Sampled frames, as video-sampler gives them. */
export interface FramesWithTimes {
  /** uint8 RGB [T, H, W, 3]. */
  readonly frames: RgbFrames;
  /** [T] seconds. */
  readonly timestampsSeconds: ArrayLike<number>;
}

/** Options of `encodeVideo`. */
export interface EncodeOptions {
  /** A video's frames are labelled with their times, an image is not. Default video. */
  readonly kind?: "video" | "image";
  /**
   * Frames taken a second of video, by which Qwen2.5-VL tells time (transformers' `sampled_fps`: frames / duration).
   * Default: the mean distance of the timestamps.
   */
  readonly framesPerSecond?: number;
  /** Leave the vision encoder for when the features are first used: many videos then share its runs. Default false. */
  readonly lazy?: boolean;
  /** Stops the work between runs. */
  readonly signal?: AbortSignal;
}

/** Patches with the time of each frame (Qwen-VL: of the first of each pair). */
export interface TimedPatches {
  /** The patches. */
  readonly patches: PatchedVideo;
  /** [T] seconds, one per frame of the patches' grid. */
  readonly timestampsSeconds: ArrayLike<number>;
  /** Frames of the grid per second; undefined: by the timestamps. */
  readonly framesPerSecond?: number;
}

/**
 * Resizes frames as the model's family does (as Pillow; bicubic, or for SmolVLM2 Lanczos to squares) and cuts patches
 * (Qwen-VL: over pairs of frames).
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
  if (isQwenVl(config)) return patchPairs(video, options, config, preprocessor);
  const { patchSize, minTokens, maxTokens, imageMean, imageStd } = preprocessor;
  const square = config.family === "smolvlm2" ? config.vision.imageSize : null;
  const mergeSize = square === null ? preprocessor.mergeSize : config.mergeSize;
  const size =
    square === null
      ? videoLlama3ImageSize({ height, width }, { frameCount, patchSize, mergeSize, minTokens, maxTokens })
      : { height: square, width: square };
  const resized =
    size.height === height && size.width === width
      ? frames
      : resizePillow(frames, size, square === null ? "bicubic" : "lanczos");
  const triple = (values: readonly number[]) => values as unknown as readonly [number, number, number];
  const patches = patchify(resized, { patchSize, mergeSize, mean: triple(imageMean), std: triple(imageStd) });
  return { patches, timestampsSeconds };
}

/** Qwen-VL: patches that span two frames, timed by the first. */
function patchPairs(
  { frames, timestampsSeconds }: FramesWithTimes,
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
  const { kind = "video", framesPerSecond = 1 / meanStep(times) } = options;
  const patches = qwenVlPatches(frames, kind, config, preprocessor);
  return {
    patches,
    timestampsSeconds: times.filter((_, i) => i % span === 0),
    framesPerSecond: framesPerSecond / span,
  };
}
