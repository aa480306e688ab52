import { InvalidPlanError } from "../errors.js";
import type { ImageSize, RgbFrames } from "../video/sampled-video.js";
import { normalisationTables } from "./patchify.js";
import { requireRgbFrames, resizePillow } from "./resize-pillow.js";
import { requirePositiveIntegers } from "./video-llama3-image-size.js";

/**
 * SmolVLM2's first resize: the longest edge to `longestEdge`, the other one scaled, truncated and made even.
 * @throws InvalidPlanError when a side is not a positive integer
 */
export function smolVlmImageSize(source: ImageSize, longestEdge = 2048): ImageSize {
  requirePositiveIntegers({ height: source.height, width: source.width, longestEdge });
  const longest = Math.min(4096, longestEdge);
  const aspect = source.width / source.height;
  const even = (side: number) => Math.max(1, side + (side % 2));
  return source.width >= source.height
    ? { width: longest, height: even(Math.trunc(longest / aspect)) }
    : { height: longest, width: even(Math.trunc(longest * aspect)) };
}

/** Settings of {@link smolVlmPixels}; the defaults are SmolVLM2-2.2B's. */
export interface SmolVlmOptions {
  /** Longest edge after the first resize. Default 512. */
  readonly longestEdge?: number;
  /** Side of the square that frames are squashed to. Default 512. */
  readonly squareSide?: number;
  /** Subtracted from pixels / 255. Default 0.5. */
  readonly mean?: number;
  /** Divides the rest. Default 0.5. */
  readonly std?: number;
}

/**
 * SmolVLM2's input: Lanczos to the longest edge, Lanczos to a square, normalised, channels first.
 * @param frames uint8 `[T, H, W, 3]`
 * @returns f32 `[1, T, 3, side, side]`
 * @throws InvalidPlanError when there is no frame
 * @see transformers 5.18 `SmolVLMVideoProcessor`; its resize on tensors differs from Pillow's by at most rounding
 */
export function smolVlmPixels(
  frames: RgbFrames,
  options: SmolVlmOptions = {},
): { readonly data: Float32Array; readonly dims: readonly [1, number, 3, number, number] } {
  const { longestEdge = 512, squareSide = 512, mean = 0.5, std = 0.5 } = options;
  requireRgbFrames(frames);
  const [count, height, width] = frames.dims;
  if (count === 0) throw new InvalidPlanError("SmolVLM2 takes at least one frame, got none.");
  const first = resizePillow(frames, smolVlmImageSize({ height, width }, longestEdge), "lanczos");
  const square = resizePillow(first, { height: squareSide, width: squareSide }, "lanczos");
  const [table] = normalisationTables([mean, mean, mean], [std, std, std]) as [Float32Array];
  const plane = squareSide * squareSide;
  const data = new Float32Array(count * 3 * plane);
  for (let t = 0; t < count; t++)
    for (let i = 0; i < plane; i++)
      for (let channel = 0; channel < 3; channel++)
        data[(t * 3 + channel) * plane + i] = table[square.data[(t * plane + i) * 3 + channel] as number] as number;
  return { data, dims: [1, count, 3, squareSide, squareSide] };
}
