import { InvalidPlanError } from "../errors.js";
import type { ImageSize } from "../video/sampled-video.js";
import { roundHalfEven } from "./python-rounding.js";
import { requirePositiveIntegers } from "./video-llama3-image-size.js";

/** Fewest and most pixels, for one call; what they count depends on the rule. */
export interface QwenPixelRange {
  /** Fewest pixels. */
  readonly minPixels?: number;
  /** Most pixels. */
  readonly maxPixels?: number;
}

/** Settings of {@link qwenVlImageSize}, with the names and defaults of qwen-vl-utils. */
export interface QwenVlSizeOptions extends QwenPixelRange {
  /** Most pixels of a frame, times half the number of frames: the budget of the whole video. Default 0.9 * 128,000 tokens. */
  readonly totalPixels?: number;
  /** Side of a patch in pixels. Default 14; 16 for Qwen3-VL through qwen-vl-utils. */
  readonly patchSize?: number;
}

/**
 * The size qwen-vl-utils resizes the frames of a video to: multiples of two patches, each frame between `minPixels` (default 128
 * tokens) and `maxPixels` (default 768 tokens), within an even share of `totalPixels`, which wins over `maxPixels`.
 * @throws InvalidPlanError when a side is not a positive integer, the aspect ratio exceeds 200, or no size fits
 * @see qwen-vl-utils 0.0.14 `fetch_video`, `smart_resize`
 */
export function qwenVlImageSize(source: ImageSize, frameCount: number, options: QwenVlSizeOptions = {}): ImageSize {
  const { patchSize = 14 } = options;
  const factor = 2 * patchSize;
  const token = factor * factor;
  const { minPixels = 128 * token, totalPixels = 128_000 * token * 0.9 } = options;
  requirePositiveIntegers({ height: source.height, width: source.width, frameCount, patchSize });
  const share = Math.max(Math.min(768 * token, (totalPixels / frameCount) * 2), Math.trunc(minPixels * 1.05));
  return smartResize(source, factor, minPixels, Math.min(options.maxPixels ?? share, share));
}

/**
 * The size transformers' Qwen2-VL video processor resizes to: each frame between `minPixels` (default 128 tokens) and `maxPixels`
 * (default 768 tokens), however many frames there are.
 * @throws as {@link qwenVlImageSize}
 * @see transformers 5.18 `Qwen2VLVideoProcessor.resize`
 */
export function qwenVlHfImageSize(source: ImageSize, options: QwenPixelRange = {}): ImageSize {
  const token = 28 * 28;
  const { minPixels = 128 * token, maxPixels = 768 * token } = options;
  requirePositiveIntegers({ height: source.height, width: source.width });
  return smartResize(source, 28, minPixels, maxPixels);
}

/**
 * The size transformers' Qwen3-VL video processor resizes to: `minPixels` and `maxPixels` count all frames together (default 128
 * and 768 tokens of 32 x 32 pixels, as in the class; published checkpoints name their own `size`).
 * @throws as {@link qwenVlImageSize}, and for fewer than 2 frames
 * @see transformers 5.18 `Qwen3VLVideoProcessor`, `smart_resize`
 */
export function qwen3VlImageSize(source: ImageSize, frameCount: number, options: QwenPixelRange = {}): ImageSize {
  const factor = 32;
  const { minPixels = 128 * factor * factor, maxPixels = 768 * factor * factor } = options;
  requirePositiveIntegers({ height: source.height, width: source.width, frameCount });
  if (frameCount < 2) throw new InvalidPlanError(`Qwen3-VL takes at least 2 frames, got ${frameCount}.`);
  let { height, width } = source;
  if (height < factor || width < factor) {
    const scale = Math.max(factor / height, factor / width);
    height = Math.trunc(height * scale);
    width = Math.trunc(width * scale);
  }
  requireAspect(height, width);
  const volume = frameCount * height * width;
  const pairs = roundHalfEven(frameCount / 2) * 2;
  const rows = roundHalfEven(height / factor) * factor;
  const columns = roundHalfEven(width / factor) * factor;
  if (pairs * rows * columns > maxPixels) return shrunk(height, width, factor, Math.sqrt(volume / maxPixels));
  if (pairs * rows * columns < minPixels) return grown(height, width, factor, Math.sqrt(minPixels / volume));
  return { height: rows, width: columns };
}

function smartResize({ height, width }: ImageSize, factor: number, minPixels: number, maxPixels: number): ImageSize {
  if (!(maxPixels >= minPixels && minPixels > 0))
    throw new InvalidPlanError(
      `Qwen's sizes need 0 < minPixels <= maxPixels; got ${minPixels} and ${maxPixels} (maxPixels, or the share of totalPixels).`,
    );
  requireAspect(height, width);
  const rows = Math.max(factor, roundHalfEven(height / factor) * factor);
  const columns = Math.max(factor, roundHalfEven(width / factor) * factor);
  if (rows * columns > maxPixels) return shrunk(height, width, factor, Math.sqrt((height * width) / maxPixels));
  if (rows * columns < minPixels) return grown(height, width, factor, Math.sqrt(minPixels / (height * width)));
  return { height: rows, width: columns };
}

function shrunk(height: number, width: number, factor: number, by: number): ImageSize {
  const side = (pixels: number) => Math.max(factor, Math.floor(pixels / by / factor) * factor);
  return { height: side(height), width: side(width) };
}

function grown(height: number, width: number, factor: number, by: number): ImageSize {
  const side = (pixels: number) => Math.ceil((pixels * by) / factor) * factor;
  return { height: side(height), width: side(width) };
}

function requireAspect(height: number, width: number): void {
  const aspect = Math.max(height, width) / Math.min(height, width);
  if (aspect > 200) throw new InvalidPlanError(`Qwen-VL takes aspect ratios up to 200, got ${aspect.toFixed(1)}.`);
}
