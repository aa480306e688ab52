import { InvalidPlanError } from "../errors.js";
import { requireRgbFrames } from "../model-inputs/resize-pillow.js";
import type { ImageSize, RgbFrames } from "../video/sampled-video.js";

/** One packed RGB picture. */
export interface RgbImage extends ImageSize {
  /** `[height, width, 3]` bytes. */
  readonly data: Uint8Array;
}

/** A 3 x 5 font: one row of three bits a digit, top first. */
const GLYPHS: Readonly<Record<string, readonly number[]>> = {
  "0": [7, 5, 5, 5, 7],
  "1": [2, 6, 2, 2, 7],
  "2": [7, 1, 7, 4, 7],
  "3": [7, 1, 7, 1, 7],
  "4": [5, 5, 7, 1, 1],
  "5": [7, 4, 7, 1, 7],
  "6": [7, 4, 7, 5, 7],
  "7": [7, 1, 1, 2, 2],
  "8": [7, 5, 7, 5, 7],
  "9": [7, 5, 7, 1, 7],
  ".": [0, 0, 0, 0, 2],
  "-": [0, 0, 7, 0, 0],
  "#": [5, 7, 5, 7, 5],
  s: [3, 4, 2, 1, 6],
};
const SCALE = 2;
const GAP = 6;
const CAPTION = 5 * SCALE + 6;
const BACKGROUND = 24;
const INK = 230;

/**
 * Lays frames out in a grid with a caption below each.
 * @param captions one a frame; the characters `0-9 . - # s` and spaces are drawn, others left blank
 * @throws InvalidPlanError when the counts differ or there is no frame
 */
export function contactSheet(frames: RgbFrames, captions: readonly string[], columns: number): RgbImage {
  requireRgbFrames(frames);
  const [count, height, width] = frames.dims;
  if (count === 0 || captions.length !== count || !(columns >= 1))
    throw new InvalidPlanError(
      `Expected a caption for each of ${count} (> 0) frames and columns >= 1; got ${captions.length} captions, ${columns} columns.`,
    );
  const across = Math.min(Math.floor(columns), count);
  const sheetWidth = GAP + across * (width + GAP);
  const sheetHeight = GAP + Math.ceil(count / across) * (height + CAPTION + GAP);
  const data = new Uint8Array(sheetWidth * sheetHeight * 3).fill(BACKGROUND);
  for (const [t, caption] of captions.entries()) {
    const left = GAP + (t % across) * (width + GAP);
    const top = GAP + Math.floor(t / across) * (height + CAPTION + GAP);
    for (let y = 0; y < height; y++) {
      const from = (t * height + y) * width * 3;
      data.set(frames.data.subarray(from, from + width * 3), ((top + y) * sheetWidth + left) * 3);
    }
    drawTextInto(data, sheetWidth, caption.slice(0, Math.floor(width / (4 * SCALE))), left, top + height + 3);
  }
  return { data, height: sheetHeight, width: sheetWidth };
}

function drawTextInto(data: Uint8Array, sheetWidth: number, text: string, left: number, top: number): void {
  for (const [i, character] of [...text].entries())
    for (const [row, bits] of (GLYPHS[character] ?? []).entries())
      for (let column = 0; column < 3; column++)
        if ((bits >> (2 - column)) & 1)
          for (let dot = 0; dot < SCALE * SCALE; dot++) {
            const x = left + (i * 4 + column) * SCALE + (dot % SCALE);
            const y = top + row * SCALE + Math.floor(dot / SCALE);
            data.fill(INK, (y * sheetWidth + x) * 3, (y * sheetWidth + x) * 3 + 3);
          }
}
