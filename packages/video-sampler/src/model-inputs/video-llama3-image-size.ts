import { InvalidPlanError } from "../errors.js";
import type { ImageSize } from "../video/sampled-video.js";
import { roundHalfEven } from "./python-rounding.js";

/** Settings of {@link videoLlama3ImageSize}; the defaults are the published checkpoints'. */
export interface VideoLlama3SizeOptions {
  /** Frames that share the token budget. Default 1. */
  readonly frameCount?: number;
  /** Side of a patch in pixels. Default 14. */
  readonly patchSize?: number;
  /** Patches merged per token along each side. Default 2, the authors' setting for video. */
  readonly mergeSize?: number;
  /** Fewest merged tokens of one frame. Default 16. */
  readonly minTokens?: number;
  /** Most merged tokens of the whole video. Default 16384. */
  readonly maxTokens?: number;
}

/**
 * The size VideoLLaMA3 resizes a frame to: multiples of `patchSize * mergeSize`, aspect ratio about kept, within the
 * token budget. Both budget tests apply one after the other (`if`, then `if`), unlike Qwen's `else if`.
 *
 * @param source size of the frame as shown
 * @throws InvalidPlanError when a side or a setting is not a positive integer
 * @see VideoLLaMA3's image processor (`simple_batched_resize`)
 */
export function videoLlama3ImageSize(source: ImageSize, options: VideoLlama3SizeOptions = {}): ImageSize {
  const { frameCount = 1, patchSize = 14, mergeSize = 2, minTokens = 16, maxTokens = 16384 } = options;
  const { height, width } = source;
  requirePositiveIntegers({ height, width, frameCount, patchSize, mergeSize, minTokens, maxTokens });
  const factor = patchSize * mergeSize;
  const minPixels = minTokens * factor * factor;
  const maxPixels = Math.floor((maxTokens * factor * factor) / frameCount);
  let rows = roundHalfEven(height / factor) * factor;
  let columns = roundHalfEven(width / factor) * factor;
  if (rows * columns > maxPixels) {
    const shrink = Math.sqrt((height * width) / maxPixels);
    rows = Math.floor(height / shrink / factor) * factor;
    columns = Math.floor(width / shrink / factor) * factor;
  }
  if (rows * columns < minPixels) {
    const grow = Math.sqrt(minPixels / (height * width));
    rows = Math.ceil((height * grow) / factor) * factor;
    columns = Math.ceil((width * grow) / factor) * factor;
  }
  return { height: rows, width: columns };
}

/** Throws {@link InvalidPlanError} naming the first entry that is not a positive integer. */
export function requirePositiveIntegers(values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new InvalidPlanError(`${name} must be a positive integer, got ${value}.`);
}
