import { InvalidPlanError } from "../errors.js";
import type { RgbFrames } from "../video/sampled-video.js";
import { normalisationTables } from "./patchify.js";
import { requireRgbFrames } from "./resize-pillow.js";

/** Settings of {@link normalizeFrames}. */
export interface NormalizeOptions {
  /** Subtracted from pixels / 255, per channel. Default 0. */
  readonly mean?: number | readonly [number, number, number];
  /** Divides the rest, per channel. Default 1. */
  readonly std?: number | readonly [number, number, number];
  /** `NCHW` puts the channels before the rows (default), `NHWC` after the columns. */
  readonly layout?: "NCHW" | "NHWC";
}

/**
 * Frames as most vision models take them: (pixel / 255 - mean) / std.
 * @param frames uint8 `[T, H, W, 3]`
 * @returns f32 `[T, 3, H, W]`, or `[T, H, W, 3]` for `NHWC`
 * @throws InvalidPlanError when the data's length does not match, or a setting is no finite number, or a std is 0
 */
export function normalizeFrames(
  frames: RgbFrames,
  options: NormalizeOptions = {},
): { readonly data: Float32Array; readonly dims: readonly [number, number, number, number] } {
  const { mean = 0, std = 1, layout = "NCHW" } = options;
  requireRgbFrames(frames);
  const means = typeof mean === "number" ? ([mean, mean, mean] as const) : mean;
  const stds = typeof std === "number" ? ([std, std, std] as const) : std;
  if (means.length !== 3 || stds.length !== 3 || ![...means, ...stds].every(Number.isFinite) || stds.includes(0))
    throw new InvalidPlanError(`mean and std must be finite, one or three numbers, std not 0; got ${mean} and ${std}.`);
  if (layout !== "NCHW" && layout !== "NHWC")
    throw new InvalidPlanError(`layout must be "NCHW" or "NHWC", got ${JSON.stringify(layout)}.`);
  const [count, height, width] = frames.dims;
  const tables = normalisationTables(means, stds);
  const plane = height * width;
  const data = new Float32Array(count * plane * 3);
  for (let channel = 0; channel < 3; channel++) {
    const table = tables[channel] as Float32Array;
    for (let t = 0; t < count; t++)
      for (let i = 0; i < plane; i++) {
        const from = (t * plane + i) * 3 + channel;
        data[layout === "NHWC" ? from : (t * 3 + channel) * plane + i] = table[frames.data[from] as number] as number;
      }
  }
  return { data, dims: layout === "NHWC" ? [count, height, width, 3] : [count, 3, height, width] };
}
