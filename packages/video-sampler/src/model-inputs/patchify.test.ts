import fc from "fast-check";
import { expect, test } from "vitest";
import { pattern } from "../../test/pattern.js";
import { peers } from "../../test/peers.js";
import { InvalidPlanError } from "../errors.js";
import { compressionMask } from "./compression-mask.js";
import { patchify } from "./patchify.js";

test.each(peers.videoLlama3)("VideoLlama3VideoProcessor: $frames x $height x $width, merge $merge", (golden) => {
  const { frames, height, width, merge = 2 } = golden;
  const inputs = patchify(pattern(frames, height, width, 7), { mergeSize: merge });
  expect(inputs.pixel_values.dims).toEqual(golden.dims);
  expect([...inputs.grid_sizes.data]).toEqual(golden.grid);
  expect([...inputs.merge_sizes.data]).toEqual([merge]);
  expect(inputs.compressionMask.join("")).toBe(golden.mask);
  for (const [k, at] of golden.pixels.at.entries())
    expect(inputs.pixel_values.data[at]).toBeCloseTo(golden.pixels.values[k] as number, 6);
});

/** The reference formula, on normalised float patches. */
function maskFromPatches(values: Float32Array, tokens: number, frames: number, std: number): number[] {
  const length = values.length / (tokens * frames);
  const mask: number[] = [];
  for (let t = 0; t < frames; t++) {
    const row = Array.from({ length: tokens }, (_, token) => {
      if (t === 0) return 1;
      let sum = 0;
      for (let i = 0; i < length; i++) {
        const at = (t * tokens + token) * length + i;
        sum += Math.abs((values[at] as number) - (values[at - tokens * length] as number));
      }
      // A margin above float32 noise and below the next possible sum: uint8 sums are integers.
      return (sum / length) * 255 > 0.1 + (1e-4 * 0.5) / std ? 1 : 0;
    });
    if (!row.includes(1)) row[0] = 1;
    mask.push(...row);
  }
  return mask;
}

test("the mask on uint8 equals the reference formula on normalised patches", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom(0.5, 0.27),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: -3, max: 3 })), { maxLength: 60 }),
      (count, rows, columns, std, changes) => {
        const block = 8;
        const dims = [count, rows * block, columns * block, 3] as const;
        const data = new Uint8Array(count * rows * columns * block * block * 3).fill(100);
        for (const [at, delta] of changes) data[at % data.length] = 100 + delta * 20;
        const inputs = patchify({ data, dims }, { patchSize: 4, mergeSize: 2, std });
        const expected = maskFromPatches(inputs.pixel_values.data, rows * columns, count, std);
        expect([...inputs.compressionMask]).toEqual(expected);
      },
    ),
  );
});

test("identical frames keep the first frame and one token of each other", () => {
  const frames = { data: new Uint8Array(3 * 28 * 56 * 3).fill(9), dims: [3, 28, 56, 3] as const };
  expect([...compressionMask(frames)]).toEqual([1, 1, 1, 0, 1, 0]);
  expect([...patchify(frames, { compression: false }).compressionMask]).toEqual([1, 1, 1, 1, 1, 1]);
});

test("the threshold sits between a mean difference of 117 and 118 grey levels in 2352", () => {
  const make = (levels: number) => {
    const data = new Uint8Array(2 * 28 * 56 * 3);
    data[28 * 56 * 3] = levels;
    return compressionMask({ data, dims: [2, 28, 56, 3] }, { minTokens: 0 });
  };
  expect(make(117)[2]).toBe(0);
  expect(make(118)[2]).toBe(1);
});

test("sides that are no multiples are refused with the next step", () => {
  expect(() => patchify(pattern(1, 28, 30, 1))).toThrow(InvalidPlanError);
  expect(() => patchify(pattern(1, 28, 30, 1))).toThrow(/Resize first/);
});
