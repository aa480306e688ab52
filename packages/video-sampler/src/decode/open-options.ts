import type { SamplingLimits } from "../video/sampling-limits.js";
import type { StreamChoice } from "./choose-stream.js";

/** Options that matter when a video is opened. */
export interface OpenOptions {
  /** `auto` takes node-av and falls back to the ffmpeg program where node-av cannot be loaded. Default `auto`. */
  readonly backend?: "auto" | "node-av" | "ffmpeg";
  /** Decoder threads. Default 1, the least CPU; for many videos run many samplings instead. */
  readonly threads?: number;
  /**
   * Which video stream: `best` as the ffmpeg program picks it (most pixels, the default one preferred), or its index in the
   * container. Default: the first with moving pictures.
   */
  readonly stream?: StreamChoice;
  /** Bounds for untrusted sources. */
  readonly limits?: SamplingLimits;
  /** Stops the work; its reason is thrown. */
  readonly signal?: AbortSignal;
}
