import fc from "fast-check";
import { expect, test } from "vitest";
import { pattern } from "../../test/pattern.js";
import { peers, sha256 } from "../../test/peers.js";
import { InvalidPlanError } from "../errors.js";
import { resizePillow } from "./resize-pillow.js";

test.each(peers.resize)(
  "Pillow 12.3 $filter $from -> $to, bit for bit",
  ({ seed, from, to, filter, sha256: expected }) => {
    const resized = resizePillow(pattern(1, from[0], from[1], seed), { height: to[0], width: to[1] }, filter);
    expect(resized.dims).toEqual([1, to[0], to[1], 3]);
    expect(sha256(resized.data)).toBe(expected);
  },
);

test("a constant image stays constant at any size, and its input is untouched", () => {
  const side = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(side, side, side, side, fc.integer({ min: 0, max: 255 }), (h, w, oh, ow, value) => {
      const frames = { data: new Uint8Array(2 * h * w * 3).fill(value), dims: [2, h, w, 3] as const };
      const { data } = resizePillow(frames, { height: oh, width: ow });
      expect(data.length).toBe(2 * oh * ow * 3);
      expect(data.every((byte) => byte === value)).toBe(true);
      expect(frames.data.every((byte) => byte === value)).toBe(true);
    }),
  );
});

test("resizing to the same size copies", () => {
  const frames = pattern(1, 5, 7, 1);
  const same = resizePillow(frames, { height: 5, width: 7 });
  expect(same.data).toEqual(frames.data);
  expect(same.data.buffer).not.toBe(frames.data.buffer);
});

test("wrong dims and sizes are refused", () => {
  const frames = pattern(1, 4, 4, 1);
  expect(() => resizePillow({ ...frames, dims: [2, 4, 4, 3] }, { height: 2, width: 2 })).toThrow(InvalidPlanError);
  expect(() => resizePillow(frames, { height: 0, width: 2 })).toThrow(/targetHeight must be a positive integer, got 0/);
});
