import { expect, test } from "vitest";
import { rgbToYuv420, yuv420Length } from "./yuv.js";

/** BT.601 in limited range, written down as it is defined. */
function yuv601([r = 0, g = 0, b = 0]: readonly number[]): [y: number, u: number, v: number] {
  return [
    16 + (65.481 * r + 128.553 * g + 24.966 * b) / 255,
    128 + (-37.797 * r - 74.203 * g + 112 * b) / 255,
    128 + (112 * r - 93.786 * g - 18.214 * b) / 255,
  ];
}

test.each([
  ["black", [0, 0, 0], [16, 128, 128]],
  ["white", [255, 255, 255], [235, 128, 128]],
  ["red", [255, 0, 0], [81, 90, 240]],
  ["green", [0, 255, 0], [145, 54, 34]],
  ["blue", [0, 0, 255], [41, 240, 110]],
])("%s is what BT.601 says", (_, colour, [y, u, v]) => {
  const frame = Uint8Array.from({ length: 4 * 4 * 3 }, (_, i) => colour[i % 3] as number);
  expect([...rgbToYuv420(frame, 4, 4)]).toEqual([...Array(16).fill(y), ...Array(4).fill(u), ...Array(4).fill(v)]);
});

test("luma of every pixel and the mean chroma of four are the nearest whole numbers", () => {
  const [width, height] = [6, 4];
  const rgb = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 97 + (i >> 3) * 31) % 256);
  const at = (x: number, y: number): number[] => [...rgb.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
  const out = rgbToYuv420(rgb, width, height);
  expect(out).toHaveLength(yuv420Length(width, height));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) expect(out[y * width + x]).toBe(Math.round(yuv601(at(x, y))[0]));
  for (let y = 0; y < height; y += 2)
    for (let x = 0; x < width; x += 2) {
      const four = [at(x, y), at(x + 1, y), at(x, y + 1), at(x + 1, y + 1)].map(yuv601);
      const mean = (part: 1 | 2): number => Math.round(four.reduce((sum, one) => sum + one[part], 0) / 4);
      const to = width * height + (y >> 1) * (width >> 1) + (x >> 1);
      expect([out[to], out[to + (width * height) / 4]]).toEqual([mean(1), mean(2)]);
    }
});
