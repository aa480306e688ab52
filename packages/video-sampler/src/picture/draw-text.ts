import type { ImageSize } from "../video/sampled-video.js";

/** A 3 x 5 font: one number of three bits per row, top first. */
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
  ":": [0, 2, 0, 2, 0],
  "-": [0, 0, 7, 0, 0],
  "#": [5, 7, 5, 7, 5],
  s: [3, 4, 2, 1, 6],
};
const INK = 235;

/** Rows of a character at scale 1. */
export const GLYPH_HEIGHT = 5;

/** Columns a text takes. */
export function textWidth(text: string, scale: number): number {
  return Math.max(0, text.length * 4 - 1) * scale;
}

/**
 * Writes text into an RGB picture; what falls outside is left out.
 * @param text the characters `0-9 . : - # s` are drawn, others left blank
 */
export function drawTextInto(
  image: ImageSize & { readonly data: Uint8Array },
  text: string,
  { left, top, scale }: { readonly left: number; readonly top: number; readonly scale: number },
): void {
  for (const [i, character] of [...text].entries())
    for (const [row, bits] of (GLYPHS[character] ?? []).entries())
      for (let column = 0; column < 3; column++)
        if ((bits >> (2 - column)) & 1)
          for (let dot = 0; dot < scale * scale; dot++) {
            const x = left + (i * 4 + column) * scale + (dot % scale);
            const y = top + row * scale + Math.floor(dot / scale);
            if (x >= 0 && x < image.width && y >= 0 && y < image.height)
              image.data.fill(INK, (y * image.width + x) * 3, (y * image.width + x) * 3 + 3);
          }
}
