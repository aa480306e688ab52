import type { RgbFrames } from "../video/sampled-video.js";
import { type CompressionMaskOptions, compressionMask, requireMultiples } from "./compression-mask.js";
import { requireRgbFrames } from "./resize-pillow.js";

/** Settings of {@link patchify}. */
export interface PatchifyOptions {
  /** Side of a patch in pixels. Default 14. */
  readonly patchSize?: number;
  /** Patches merged per token along each side. Default 2. */
  readonly mergeSize?: number;
  /** Subtracted from pixels / 255, per channel. Default 0.5. */
  readonly mean?: number | readonly [number, number, number];
  /** Divides the rest, per channel. Default 0.5. */
  readonly std?: number | readonly [number, number, number];
  /** Token compression: its settings, `true` for the defaults, `false` keeps every token. Default true. */
  readonly compression?: boolean | Pick<CompressionMaskOptions, "threshold" | "minTokens">;
}

/** What VideoLLaMA3's vision encoder takes; the members carry the model's own names. */
export interface VideoLlama3Inputs {
  /** Normalised patches, f32 `[T * h * w, 3 * p * p]`, in merge-block order, channels first within a patch. */
  readonly pixel_values: { readonly data: Float32Array; readonly dims: readonly [number, number] };
  /** `[[T, h, w]]` in patches. For an int64 feed: `BigInt64Array.from(data, BigInt)`. */
  readonly grid_sizes: { readonly data: Int32Array; readonly dims: readonly [1, 3] };
  /** `[mergeSize]`. */
  readonly merge_sizes: { readonly data: Int32Array; readonly dims: readonly [1] };
  /** One byte per merged token `[T * h/m * w/m]`, 1 = kept. */
  readonly compressionMask: Uint8Array;
}

const triple = (value: number | readonly [number, number, number]): readonly [number, number, number] =>
  typeof value === "number" ? [value, value, value] : value;

/**
 * Turns resized frames into VideoLLaMA3's inputs: pixels / 255, (x - mean) / std, patches in merge-block order
 * (T, h/m, w/m, m, m, C, p, p), and the token-compression mask.
 *
 * @param frames uint8 `[T, H, W, 3]`; H and W multiples of `patchSize * mergeSize`
 * @throws InvalidPlanError when the sides are no multiples
 * @see transformers 5.18 `VideoLlama3VideoProcessor.patchify`
 */
export function patchify(frames: RgbFrames, options: PatchifyOptions = {}): VideoLlama3Inputs {
  const { patchSize = 14, mergeSize = 2, mean = 0.5, std = 0.5, compression = true } = options;
  requireRgbFrames(frames);
  requireMultiples(frames, patchSize * mergeSize);
  const [count, height, width] = frames.dims;
  const patchRows = height / patchSize;
  const patchColumns = width / patchSize;
  const rowLength = 3 * patchSize * patchSize;
  const data = new Float32Array(count * patchRows * patchColumns * rowLength);
  const tables = normalisationTables(triple(mean), triple(std));
  let patch = 0;
  for (let t = 0; t < count; t++)
    for (let blockRow = 0; blockRow < patchRows; blockRow += mergeSize)
      for (let blockColumn = 0; blockColumn < patchColumns; blockColumn += mergeSize)
        for (let row = blockRow; row < blockRow + mergeSize; row++)
          for (let column = blockColumn; column < blockColumn + mergeSize; column++) {
            const corner = ((t * height + row * patchSize) * width + column * patchSize) * 3;
            copyPatchInto(data, patch++ * rowLength, frames.data, corner, width, patchSize, tables);
          }
  return {
    pixel_values: { data, dims: [count * patchRows * patchColumns, rowLength] },
    grid_sizes: { data: Int32Array.of(count, patchRows, patchColumns), dims: [1, 3] },
    merge_sizes: { data: Int32Array.of(mergeSize), dims: [1] },
    compressionMask:
      compression === false
        ? new Uint8Array((count * patchRows * patchColumns) / mergeSize ** 2).fill(1)
        : compressionMask(frames, { patchSize, mergeSize, std, ...(compression === true ? {} : compression) }),
  };
}

/** One channels-first patch `[3, p, p]` of normalised pixels. */
export function copyPatchInto(
  target: Float32Array,
  offset: number,
  pixels: Uint8Array,
  corner: number,
  width: number,
  patchSize: number,
  tables: readonly Float32Array[],
  channelStride = patchSize * patchSize,
): void {
  for (let channel = 0; channel < 3; channel++) {
    const table = tables[channel] as Float32Array;
    let out = offset + channel * channelStride;
    for (let y = 0; y < patchSize; y++) {
      let at = corner + y * width * 3 + channel;
      for (let x = 0; x < patchSize; x++, at += 3) target[out++] = table[pixels[at] as number] as number;
    }
  }
}

/** The normalised value of each of the 256 byte values, per channel: (byte / 255 - mean) / std. */
export function normalisationTables(
  mean: readonly [number, number, number],
  std: readonly [number, number, number],
): readonly Float32Array[] {
  return [0, 1, 2].map((channel) =>
    Float32Array.from(
      { length: 256 },
      (_, byte) => (byte / 255 - (mean[channel] as number)) / (std[channel] as number),
    ),
  );
}
