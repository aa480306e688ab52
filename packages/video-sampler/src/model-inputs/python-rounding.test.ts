import { expect, test } from "vitest";
import { peers, sha256 } from "../../test/peers.js";
import { floorTicksTimesRate, toRational } from "../video/rational.js";
import { npLinspaceIntegers, roundHalfEven } from "./python-rounding.js";

test("ties go to the even integer, as in Python", () => {
  expect([0.5, 1.5, 2.5, -1.5, -2.5, 2.4999, 2.5001].map(roundHalfEven)).toEqual([0, 2, 2, -2, -2, 2, 3]);
});

test("numpy.linspace(0, n - 1, count, dtype=int) for 17,000 pairs", () => {
  for (const { frames, sha256: expected } of peers.linspace) {
    const rows = Array.from({ length: frames }, (_, i) => npLinspaceIntegers(0, frames - 1, i + 1)).flat();
    expect(sha256(Int32Array.from(rows))).toBe(expected);
  }
});

test("rates become the fractions they stand for", () => {
  expect(toRational(0.5)).toEqual({ num: 1, den: 2 });
  expect(toRational(30000 / 1001)).toEqual({ num: 30000, den: 1001 });
  expect(toRational(25)).toEqual({ num: 25, den: 1 });
});

test("slots round down exactly, below zero too", () => {
  const timeBase = { num: 1, den: 90000 };
  expect(floorTicksTimesRate(89999, timeBase, { num: 1, den: 1 })).toBe(0);
  expect(floorTicksTimesRate(90000, timeBase, { num: 1, den: 1 })).toBe(1);
  expect(floorTicksTimesRate(-1, timeBase, { num: 1, den: 1 })).toBe(-1);
  expect(floorTicksTimesRate(-90000, timeBase, { num: 1, den: 1 })).toBe(-1);
});
