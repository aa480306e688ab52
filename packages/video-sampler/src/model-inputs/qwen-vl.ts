import { InvalidPlanError } from "../errors.js";
import type { RgbFrames } from "../video/sampled-video.js";
import { requireMultiples } from "./compression-mask.js";
import { copyPatchInto, normalisationTables } from "./patchify.js";
import { requireRgbFrames } from "./resize-pillow.js";

/** How a Qwen-VL model cuts frames into patches. */
export interface QwenVlLayout {
  /** Side of a patch in pixels. */
  readonly patchSize: number;
  /** Subtracted from pixels / 255, per channel. */
  readonly mean: readonly [number, number, number];
  /** Divides the rest, per channel. */
  readonly std: readonly [number, number, number];
}

/** Qwen2-VL and Qwen2.5-VL: patches of 14 pixels, CLIP's mean and standard deviation. */
export const QWEN2_VL_LAYOUT: QwenVlLayout = {
  patchSize: 14,
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
};

/** Qwen3-VL: patches of 16 pixels, mean and standard deviation 0.5. */
export const QWEN3_VL_LAYOUT: QwenVlLayout = { patchSize: 16, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

/** What Qwen2.5-VL's vision encoder takes; the members carry the model's own names. */
export interface QwenVlInputs {
  /** f32 `[(T/2) * h * w, 3 * 2 * p * p]`, merge-block order; within a patch: channel, time, row, column. */
  readonly pixel_values_videos: { readonly data: Float32Array; readonly dims: readonly [number, number] };
  /** `[[T/2, h, w]]` in patches. */
  readonly video_grid_thw: { readonly data: Int32Array; readonly dims: readonly [1, 3] };
}

/**
 * Turns resized frames into a Qwen-VL model's inputs: pairs of frames, merge 2. An odd last frame is repeated.
 * @param frames uint8 `[T, H, W, 3]`; H and W multiples of twice the patch size
 * @param layout default: Qwen2-VL's and Qwen2.5-VL's
 * @throws InvalidPlanError when they are not, or there is no frame
 * @see transformers 5.18 `Qwen2VLVideoProcessor.patchify`, `Qwen3VLVideoProcessor.patchify`
 */
export function qwenVlPatchify(frames: RgbFrames, layout: QwenVlLayout = QWEN2_VL_LAYOUT): QwenVlInputs {
  const { patchSize: patch, mean, std } = layout;
  requireRgbFrames(frames);
  requireMultiples(frames, 2 * patch);
  const [count, height, width] = frames.dims;
  if (count === 0) throw new InvalidPlanError("Qwen-VL takes at least one frame, got none.");
  const pairs = Math.ceil(count / 2);
  const rows = height / patch;
  const columns = width / patch;
  const channelLength = 2 * patch * patch;
  const data = new Float32Array(pairs * rows * columns * 3 * channelLength);
  const tables = normalisationTables(mean, std);
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
