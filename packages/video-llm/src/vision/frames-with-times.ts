import type { RgbFrames } from "@videosafety/video-sampler";
import type { PatchedVideo } from "./visual-features.js";

/** Sampled frames, as video-sampler gives them. */
export interface FramesWithTimes {
  /** uint8 RGB [T, H, W, 3]. */
  readonly frames: RgbFrames;
  /** [T] seconds. */
  readonly timestampsSeconds: ArrayLike<number>;
  /** Sampled frames per second of video (transformers' `sampled_fps`), by which Qwen2.5-VL tells time. */
  readonly sampledFrameRate?: number;
}

/** Options of `encodeVideo`. */
export interface EncodeOptions {
  /** A video's frames are labelled with their times, an image is not. Default video. */
  readonly kind?: "video" | "image";
  /**
   * Frames taken a second of video, by which Qwen2.5-VL tells time (transformers' `sampled_fps`: frames / duration).
   * Default: the video's `sampledFrameRate`, else the mean distance of the timestamps.
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
  /** Time of each frame that prompts tell, where it is another. */
  readonly toldSeconds?: readonly number[];
  /** Squares an image was cut into, before the whole one (SmolVLM2). */
  readonly tiles?: { readonly rows: number; readonly columns: number };
}
