import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidPlanError } from "../errors.js";
import { videoLlama3ImageSize } from "./video-llama3-image-size.js";

const hd = { height: 720, width: 1280 };

test.each([
  [1, 728, 1288],
  [16, 672, 1176],
  [64, 336, 588],
  [128, 224, 420],
  [180, 196, 336],
])("720p at merge 2 with %i frames is %i x %i", (frameCount, height, width) => {
  expect(videoLlama3ImageSize(hd, { frameCount })).toEqual({ height, width });
});

test("sides are multiples of the token side, and the budget holds unless the minimum overrides it", () => {
  const side = fc.integer({ min: 1, max: 3000 });
  fc.assert(
    fc.property(
      side,
      side,
      fc.integer({ min: 1, max: 200 }),
      fc.constantFrom(1, 2, 8),
      (height, width, frameCount, m) => {
        const size = videoLlama3ImageSize({ height, width }, { frameCount, mergeSize: m });
        const tokens = (size.height * size.width) / (14 * m) ** 2;
        expect(size.height % (14 * m)).toBe(0);
        expect(size.width % (14 * m)).toBe(0);
        expect(tokens).toBeGreaterThanOrEqual(16);
        expect(Math.min(size.height, size.width)).toBeGreaterThan(0);
      },
    ),
  );
});

test("the token bounds are parameters", () => {
  expect(videoLlama3ImageSize(hd, { minTokens: 4, maxTokens: 4 })).toEqual({ height: 56, width: 84 });
  expect(() => videoLlama3ImageSize(hd, { maxTokens: 0 })).toThrow(InvalidPlanError);
  expect(() => videoLlama3ImageSize({ height: 1.5, width: 2 })).toThrow(/height must be a positive integer, got 1.5/);
});
