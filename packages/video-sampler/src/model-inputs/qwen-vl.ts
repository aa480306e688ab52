import { InvalidPlanError } from "../errors.js";
import type { ImageSize, RgbFrames } from "../video/sampled-video.js";
import { requireMultiples } from "./compression-mask.js";
import { copyPatchInto, normalisationTables } from "./patchify.js";
import { roundHalfEven } from "./python-rounding.js";
import { requireRgbFrames } from "./resize-pillow.js";
import { requirePositiveIntegers } from "./video-llama3-image-size.js";

const FACTOR = 28;
const MIN_PIXELS = 128 * FACTOR * FACTOR;
const MAX_PIXELS = 768 * FACTOR * FACTOR;
const CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073] as const;
const CLIP_STD = [0.26862954, 0.26130258, 0.27577711] as const;

/**
 * The size qwen-vl-utils resizes the frames of a video to: multiples of 28, within an even share of 90 % of
 * `maxVideoTokens` (default 128,000).
 * @throws InvalidPlanError when a side is not a positive integer or the aspect ratio exceeds 200
 */
export function qwenVlImageSize(source: ImageSize, frameCount: number, maxVideoTokens = 128_000): ImageSize {
  const { height, width } = source;
  requirePositiveIntegers({ height, width, frameCount, maxVideoTokens });
  const aspect = Math.max(height, width) / Math.min(height, width);
  if (aspect > 200) throw new InvalidPlanError(`Qwen2.5-VL takes aspect ratios up to 200, got ${aspect.toFixed(1)}.`);
  const budget = Math.trunc(maxVideoTokens * FACTOR * FACTOR * 0.9);
  const maxPixels = Math.max(
    Math.min(MAX_PIXELS, Math.floor((budget * 2) / frameCount)),
    Math.trunc(MIN_PIXELS * 1.05),
  );
  let rows = roundHalfEven(height / FACTOR) * FACTOR;
  let columns = roundHalfEven(width / FACTOR) * FACTOR;
  if (rows * columns > maxPixels) {
    const shrink = Math.sqrt((height * width) / maxPixels);
    rows = Math.max(FACTOR, Math.floor(height / shrink / FACTOR) * FACTOR);
    columns = Math.max(FACTOR, Math.floor(width / shrink / FACTOR) * FACTOR);
  } else if (rows * columns < MIN_PIXELS) {
    const grow = Math.sqrt(MIN_PIXELS / (height * width));
    rows = Math.ceil((height * grow) / FACTOR) * FACTOR;
    columns = Math.ceil((width * grow) / FACTOR) * FACTOR;
  }
  return { height: rows, width: columns };
}

/** What Qwen2.5-VL's vision encoder takes; the members carry the model's own names. */
export interface QwenVlInputs {
  /** f32 `[(T/2) * h * w, 3 * 2 * 14 * 14]`, merge-block order; within a patch: channel, time, row, column. */
  readonly pixel_values_videos: { readonly data: Float32Array; readonly dims: readonly [number, number] };
  /** `[[T/2, h, w]]` in patches. */
  readonly video_grid_thw: { readonly data: Int32Array; readonly dims: readonly [1, 3] };
}

/**
 * Turns resized frames into Qwen2.5-VL's inputs: pairs of frames, patch 14, merge 2, CLIP mean and std. An odd last frame
 * is repeated.
 * @param frames uint8 `[T, H, W, 3]`; H and W multiples of 28
 * @throws InvalidPlanError when they are not, or there is no frame
 * @see transformers 5.18 `Qwen2VLVideoProcessor.patchify`
 */
export function qwenVlPatchify(frames: RgbFrames): QwenVlInputs {
  requireRgbFrames(frames);
  requireMultiples(frames, FACTOR);
  const [count, height, width] = frames.dims;
  if (count === 0) throw new InvalidPlanError("Qwen2.5-VL takes at least one frame, got none.");
  const patch = 14;
  const pairs = Math.ceil(count / 2);
  const rows = height / patch;
  const columns = width / patch;
  const channelLength = 2 * patch * patch;
  const data = new Float32Array(pairs * rows * columns * 3 * channelLength);
  const tables = normalisationTables(CLIP_MEAN, CLIP_STD);
  let offset = 0;
  for (let pair = 0; pair < pairs; pair++)
    for (let blockRow = 0; blockRow < rows; blockRow += 2)
      for (let blockColumn = 0; blockColumn < columns; blockColumn += 2)
        for (let cell = 0; cell < 4; cell++) {
          const row = blockRow + (cell >> 1);
          const column = blockColumn + (cell & 1);
          for (let time = 0; time < 2; time++) {
            const t = Math.min(count - 1, pair * 2 + time);
            const corner = ((t * height + row * patch) * width + column * patch) * 3;
            copyPatchInto(
              data,
              offset + time * patch * patch,
              frames.data,
              corner,
              width,
              patch,
              tables,
              channelLength,
            );
          }
          offset += 3 * channelLength;
        }
  return {
    pixel_values_videos: { data, dims: [pairs * rows * columns, 3 * channelLength] },
    video_grid_thw: { data: Int32Array.of(pairs, rows, columns), dims: [1, 3] },
  };
}
