import type { RgbFrames } from "@videosafety/video-sampler";

/** A font of 5 x 7 dots: one number of five bits per row, top first. Latin capitals, digits and punctuation. */
const GLYPHS: Readonly<Record<string, readonly number[]>> = {
  A: [14, 17, 17, 31, 17, 17, 17],
  B: [30, 17, 17, 30, 17, 17, 30],
  C: [14, 17, 16, 16, 16, 17, 14],
  D: [30, 17, 17, 17, 17, 17, 30],
  E: [31, 16, 16, 30, 16, 16, 31],
  F: [31, 16, 16, 30, 16, 16, 16],
  G: [14, 17, 16, 23, 17, 17, 15],
  H: [17, 17, 17, 31, 17, 17, 17],
  I: [14, 4, 4, 4, 4, 4, 14],
  J: [7, 2, 2, 2, 2, 18, 12],
  K: [17, 18, 20, 24, 20, 18, 17],
  L: [16, 16, 16, 16, 16, 16, 31],
  M: [17, 27, 21, 21, 17, 17, 17],
  N: [17, 25, 21, 19, 17, 17, 17],
  O: [14, 17, 17, 17, 17, 17, 14],
  P: [30, 17, 17, 30, 16, 16, 16],
  Q: [14, 17, 17, 17, 21, 18, 13],
  R: [30, 17, 17, 30, 20, 18, 17],
  S: [15, 16, 16, 14, 1, 1, 30],
  T: [31, 4, 4, 4, 4, 4, 4],
  U: [17, 17, 17, 17, 17, 17, 14],
  V: [17, 17, 17, 17, 17, 10, 4],
  W: [17, 17, 17, 21, 21, 27, 17],
  X: [17, 17, 10, 4, 10, 17, 17],
  Y: [17, 17, 10, 4, 4, 4, 4],
  Z: [31, 1, 2, 4, 8, 16, 31],
  "0": [14, 17, 19, 21, 25, 17, 14],
  "1": [4, 12, 4, 4, 4, 4, 14],
  "2": [14, 17, 1, 6, 8, 16, 31],
  "3": [30, 1, 1, 14, 1, 1, 30],
  "4": [2, 6, 10, 18, 31, 2, 2],
  "5": [31, 16, 30, 1, 1, 17, 14],
  "6": [14, 16, 16, 30, 17, 17, 14],
  "7": [31, 1, 2, 4, 8, 8, 8],
  "8": [14, 17, 17, 14, 17, 17, 14],
  "9": [14, 17, 17, 15, 1, 1, 14],
  ".": [0, 0, 0, 0, 0, 12, 12],
  ",": [0, 0, 0, 0, 12, 4, 8],
  "?": [14, 17, 1, 6, 4, 0, 4],
  "!": [4, 4, 4, 4, 4, 0, 4],
  ":": [0, 12, 12, 0, 12, 12, 0],
  ";": [0, 12, 12, 0, 12, 4, 8],
  "-": [0, 0, 0, 31, 0, 0, 0],
  "'": [4, 4, 0, 0, 0, 0, 0],
  '"': [10, 10, 0, 0, 0, 0, 0],
  "(": [2, 4, 8, 8, 8, 4, 2],
  ")": [8, 4, 2, 2, 2, 4, 8],
  "/": [1, 1, 2, 4, 8, 16, 16],
  "[": [14, 8, 8, 8, 8, 8, 14],
  "]": [14, 2, 2, 2, 2, 2, 14],
  "%": [25, 25, 2, 4, 8, 19, 19],
  "+": [0, 4, 4, 31, 4, 4, 0],
  "=": [0, 0, 31, 0, 31, 0, 0],
};

/** Columns and rows of a character with the space after it. */
const CELL = { width: 6, height: 9 } as const;

/** Text as the font writes it: capitals, without accents and with plain quotes. */
export function plainLetters(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .replace(/[\u2018\u2019]/g, "'")
    .replace(/[\u201c\u201d\u00ab\u00bb]/g, '"')
    .replace(/[\u2013\u2014]/g, "-")
    .replace(/\u00bf|\u00a1/g, "")
    .replace(/\u00df/g, "ss")
    .toUpperCase();
}

/** Whether every character of a text can be drawn; texts in other scripts than Latin cannot. */
export function drawable(text: string): boolean {
  return [...plainLetters(text)].every((character) => character === " " || GLYPHS[character] !== undefined);
}

/** Lines of at most `columns` characters, broken at spaces where possible. */
export function wrapLines(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ").filter((one) => one !== "")) {
    for (let rest = word; rest !== ""; ) {
      const room = columns - line.length - (line === "" ? 0 : 1);
      if (rest.length <= room || (line === "" && room > 0)) {
        line += (line === "" ? "" : " ") + rest.slice(0, Math.max(room, 1));
        rest = rest.slice(Math.max(room, 1));
      }
      if (rest !== "") {
        lines.push(line);
        line = "";
      }
    }
  }
  if (line !== "") lines.push(line);
  return lines;
}

/** The largest scale at which a text fits a box, with its lines; scale 1 where none does (the rest is cut off). */
function layout(text: string, width: number, height: number): { readonly scale: number; readonly lines: string[] } {
  for (let scale = Math.max(1, Math.floor(height / CELL.height)); scale > 1; scale--) {
    const lines = wrapLines(text, Math.max(1, Math.floor(width / (CELL.width * scale))));
    if (lines.length * CELL.height * scale <= height) return { scale, lines };
  }
  return { scale: 1, lines: wrapLines(text, Math.max(1, Math.floor(width / CELL.width))) };
}

/**
 * Writes a text in black on a white band into one frame [H, W, 3], in place.
 *
 * @param band `top` from 0 to 1 (at the bottom), `height` as a share of the frame's
 */
export function drawBandInto(
  data: Uint8Array,
  [height, width]: readonly [number, number],
  text: string,
  band: { readonly top: number; readonly height: number },
): void {
  const rows = Math.max(1, Math.round(band.height * height));
  const first = Math.round(band.top * (height - rows));
  data.fill(250, first * width * 3, (first + rows) * width * 3);
  const { scale, lines } = layout(plainLetters(text), width - 2, rows - 1);
  const dot = (x: number, y: number): void => {
    if (x >= width || y >= first + rows) return;
    data.fill(15, (y * width + x) * 3, (y * width + x) * 3 + 3);
  };
  for (const [l, line] of lines.entries())
    for (const [c, character] of [...line].entries())
      for (const [row, bits] of (GLYPHS[character] ?? []).entries())
        for (let column = 0; column < 5; column++)
          if ((bits >> (4 - column)) & 1)
            for (let k = 0; k < scale * scale; k++)
              dot(
                1 + (c * CELL.width + column) * scale + (k % scale),
                first + 1 + (l * CELL.height + row) * scale + Math.floor(k / scale),
              );
}

/** Pixels of one frame of a stack, as a view. */
export const frameOf = ({ data, dims: [, height, width] }: RgbFrames, index: number): Uint8Array =>
  data.subarray(index * height * width * 3, (index + 1) * height * width * 3);
