import fc from "fast-check";
import { expect, test } from "vitest";
import { type ByteRange, mergeRanges, missingRanges } from "./byte-ranges.js";

const ranges = fc.array(
  fc.tuple(fc.nat(60), fc.nat(12)).map(([start, length]) => ({ start, end: start + length })),
  { maxLength: 8 },
);
const bytes = (list: readonly ByteRange[]) =>
  new Set(list.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i)));

test("merged ranges hold the same bytes, ascending and apart", () => {
  fc.assert(
    fc.property(ranges, (list) => {
      const merged = mergeRanges(list);
      expect(bytes(merged)).toEqual(new Set([...bytes(list)].sort((a, b) => a - b)));
      for (const [i, { start }] of merged.entries()) if (i > 0) expect(start).toBeGreaterThan(merged[i - 1]?.end ?? 0);
    }),
  );
  expect(
    mergeRanges(
      [
        { start: 9, end: 12 },
        { start: 0, end: 5 },
      ],
      4,
    ),
  ).toEqual([{ start: 0, end: 12 }]);
});

test("missing ranges are what is wanted and not there", () => {
  fc.assert(
    fc.property(ranges, ranges, (wanted, present) => {
      const there = bytes(present);
      const expected = new Set([...bytes(wanted)].filter((byte) => !there.has(byte)));
      expect(bytes(missingRanges(mergeRanges(wanted), mergeRanges(present)))).toEqual(expected);
    }),
  );
});
