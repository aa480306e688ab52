import fc from "fast-check";
import { expect, test } from "vitest";
import { createRng, deriveSeed, InvalidSeedError, type RngState, seedOf } from "./index.js";

test("a state gives the words of xoshiro128** as its authors' C code computes them", () => {
  // From state 1, 2, 3, 4 the first outputs are 11520, 0, 5927040, 70819200 (by hand for the first two: 2 * 5 <<< 7 * 9; 0).
  const rng = createRng([1, 2, 3, 4]);
  expect(rng.uniform()).toBe(((11520 >>> 5) * 67_108_864 + 0) / 2 ** 53);
  expect(rng.uniform()).toBe(((5927040 >>> 5) * 67_108_864 + (70819200 >>> 6)) / 2 ** 53);
});

test("a saved state continues the stream, an assigned one rewinds it", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.nat(20), (seed, drawn) => {
      const rng = createRng(seed);
      for (let i = 0; i < drawn; i++) rng.uniform();
      const saved: RngState = rng.state;
      const ahead = [rng.uniform(), rng.normal(), rng.integer(1000)];
      const copy = createRng(JSON.parse(JSON.stringify(saved)) as RngState);
      expect([copy.uniform(), copy.normal(), copy.integer(1000)]).toEqual(ahead);
      rng.state = saved;
      expect([rng.uniform(), rng.normal(), rng.integer(1000)]).toEqual(ahead);
    }),
  );
});

test("draws look like what they are named after", () => {
  const rng = createRng(7);
  const n = 20_000;
  let sum = 0;
  let squares = 0;
  const counts = new Array<number>(6).fill(0);
  for (let i = 0; i < n; i++) {
    const z = rng.normal();
    sum += z;
    squares += z * z;
    const face = rng.integer(6);
    counts[face] = (counts[face] as number) + 1;
  }
  expect(Math.abs(sum / n)).toBeLessThan(4 / Math.sqrt(n));
  expect(Math.abs(squares / n - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
  const chiSquared = counts.reduce((total, count) => total + (count - n / 6) ** 2 / (n / 6), 0);
  expect(chiSquared).toBeLessThan(20.5); // 99.9 % point of 5 degrees of freedom
});

test("bad seeds and states are refused by name", () => {
  for (const seed of [Number.NaN, 0.5, 2 ** 60, Infinity]) expect(() => createRng(seed)).toThrow(InvalidSeedError);
  for (const state of [[0, 0, 0, 0], [1, 2, 3], [1, 2, 3, -4], [1, 2, 3, 2 ** 32], null, "1234"])
    expect(() => createRng(state as unknown as RngState)).toThrow(InvalidSeedError);
});

test("seeds of names and of uses", () => {
  expect(seedOf("")).toBe(0x811c9dc5);
  expect(seedOf("a")).toBe(0xe40c292c); // FNV-1a test vector
  const seeds = new Set(Array.from({ length: 5000 }, (_, i) => deriveSeed(1, i)));
  expect(seeds.size).toBe(5000);
  expect(deriveSeed(1, 2, 3)).not.toBe(deriveSeed(1, 3, 2));
});
