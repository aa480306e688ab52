import { InvalidPlanError } from "../errors.js";
import type { RgbFrames } from "../video/sampled-video.js";
import { requireRgbFrames } from "./resize-pillow.js";

/** Settings of {@link compressionMask}; the defaults are VideoLLaMA3's. */
export interface CompressionMaskOptions {
  /** Side of a patch in pixels. Default 14. */
  readonly patchSize?: number;
  /** Patches merged per token along each side. Default 2. */
  readonly mergeSize?: number;
  /** A token is kept when its mean absolute difference, times 255 on normalised pixels, exceeds this. Default 0.1. */
  readonly threshold?: number;
  /** Tokens kept at least in every frame; when too few differ, the first of the frame are kept. Default 1. */
  readonly minTokens?: number;
  /** Standard deviation the pixels are divided by, per channel. Default 0.5. */
  readonly std?: number | readonly [number, number, number];
}

/**
 * Which visual tokens VideoLLaMA3's token compression keeps: those that differ from the same place in the sampled frame
 * before. Computed on the resized uint8 pixels, where sums are exact; normalising first only rounds (mean cancels).
 *
 * @param frames uint8 `[T, H, W, 3]` already resized; H and W multiples of `patchSize * mergeSize`
 * @returns one byte per merged token `[T * (H / f) * (W / f)]`, row-major per frame, 1 = kept
 * @throws InvalidPlanError when the sides are no multiples
 * @see Videollama3 model (`_get_compression_mask`); method.md names the threshold of 0.1
 */
export function compressionMask(frames: RgbFrames, options: CompressionMaskOptions = {}): Uint8Array {
  const { patchSize = 14, mergeSize = 2, threshold = 0.1, minTokens = 1, std = 0.5 } = options;
  requireRgbFrames(frames);
  const [count, height, width] = frames.dims;
  const block = patchSize * mergeSize;
  requireMultiples(frames, block);
  const [stdRed, stdGreen, stdBlue] = typeof std === "number" ? [std, std, std] : std;
  const rows = height / block;
  const columns = width / block;
  const mask = new Uint8Array(count * rows * columns);
  const frameSize = height * width * 3;
  const { data } = frames;
  mask.fill(1, 0, Math.min(count, 1) * rows * columns);
  for (let t = 1; t < count; t++) {
    const first = t * rows * columns;
    let kept = 0;
    for (let token = 0; token < rows * columns; token++) {
      const corner = (Math.floor(token / columns) * block * width + (token % columns) * block) * 3;
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let y = 0; y < block; y++) {
        let now = t * frameSize + corner + y * width * 3;
        for (const end = now + block * 3; now < end; now += 3) {
          const before = now - frameSize;
          red += Math.abs((data[now] as number) - (data[before] as number));
          green += Math.abs((data[now + 1] as number) - (data[before + 1] as number));
          blue += Math.abs((data[now + 2] as number) - (data[before + 2] as number));
        }
      }
      // |x_t - x_{t-1}| of normalised pixels is the uint8 difference / (255 std); the reference multiplies by 255.
      const difference = (red / stdRed + green / stdGreen + blue / stdBlue) / (block * block * 3);
      if (difference > threshold) {
        mask[first + token] = 1;
        kept++;
      }
    }
    if (kept < minTokens) mask.fill(1, first, first + Math.min(minTokens, rows * columns));
  }
  return mask;
}

/** Throws {@link InvalidPlanError} unless both sides are multiples of `block`. */
export function requireMultiples(frames: RgbFrames, block: number): void {
  const [, height, width] = frames.dims;
  if (!Number.isSafeInteger(block) || block < 1 || height % block !== 0 || width % block !== 0 || height * width === 0)
    throw new InvalidPlanError(
      `Height and width must be multiples of ${block} (patchSize * mergeSize); got ${height} x ${width}. Resize first, for example to videoLlama3ImageSize().`,
    );
}
