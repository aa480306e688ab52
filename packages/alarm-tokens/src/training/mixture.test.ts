import { createRng } from "@videosafety/random";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AlarmTrainingConfigError, AUTHORS_MIXTURE, epochPlan, groupMicroBatches, mixtureCounts } from "../train.js";

const lengths = new Map([
  ["vst-sft", 6000],
  ["vcg-plus", 100_000],
  ["llava-sft", 665_000],
]);

describe("mixtureCounts", () => {
  test("the authors' recipe, and the same as weights", () => {
    const counts = { "vst-sft": 6000, "vcg-plus": 2000, "llava-sft": 2000 };
    expect(Object.fromEntries(mixtureCounts(lengths, AUTHORS_MIXTURE))).toEqual(counts);
    const weights = { "vst-sft": 3, "vcg-plus": 1, "llava-sft": 1 };
    expect(Object.fromEntries(mixtureCounts(lengths, { weights, total: 10_000 }))).toEqual(counts);
    expect(mixtureCounts(lengths)).toEqual(lengths);
  });

  test("property: weighted counts sum to the total and are off by less than one", () => {
    const weight = fc.double({ min: 0.01, max: 10, noNaN: true });
    fc.assert(
      fc.property(weight, weight, weight, fc.integer({ min: 1, max: 5000 }), (a, b, c, total) => {
        const counts = mixtureCounts(lengths, { weights: { "vst-sft": a, "vcg-plus": b, "llava-sft": c }, total });
        expect([...counts.values()].reduce((x, y) => x + y)).toBe(total);
        [a, b, c].forEach((w, i) => {
          expect(Math.abs(([...counts.values()][i] as number) - (w / (a + b + c)) * total)).toBeLessThan(1);
        });
      }),
    );
  });

  test("mistakes", () => {
    expect(() => mixtureCounts(lengths, { samplesPerEpoch: { typo: 1 } })).toThrow(/found typo/);
    expect(() => mixtureCounts(lengths, { samplesPerEpoch: { "vst-sft": 1.5 } })).toThrow(AlarmTrainingConfigError);
    expect(() => mixtureCounts(lengths, { weights: { "vst-sft": 0 }, total: 5 })).toThrow(/positive sum/);
    expect(() => mixtureCounts(new Map([["a", 0]]), { samplesPerEpoch: { a: 3 } })).toThrow(/found none/);
  });
});

describe("epochPlan", () => {
  const plan = (epoch: number, seed: number, length: number, count: number) =>
    epochPlan({
      lengths: new Map([
        ["a", length],
        ["b", 5],
      ]),
      counts: new Map([
        ["a", count],
        ["b", 2],
      ]),
      epoch,
      seed,
      createRng,
    });

  test("property: over epochs every sample is drawn equally often, up to one", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 0, max: 60 }),
        fc.nat(1000),
        (length, count, seed) => {
          const uses = new Array<number>(length).fill(0);
          for (let epoch = 0; epoch < 4; epoch++) {
            const draws = plan(epoch, seed, length, count);
            expect(draws).toHaveLength(count + 2);
            for (const { source, index } of draws) if (source === "a") uses[index] = (uses[index] as number) + 1;
          }
          expect(Math.max(...uses) - Math.min(...uses)).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("one seed, one order; another epoch or seed, another order", () => {
    expect(plan(1, 3, 20, 20)).toEqual(plan(1, 3, 20, 20));
    expect(plan(1, 3, 20, 20)).not.toEqual(plan(2, 3, 20, 20));
    expect(plan(1, 3, 20, 20)).not.toEqual(plan(1, 4, 20, 20));
  });
});

describe("groupMicroBatches", () => {
  test("property: every sample once, within the limits", () => {
    const length = fc.integer({ min: 1, max: 100 });
    fc.assert(
      fc.property(
        fc.array(length),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 300 }),
        fc.boolean(),
        (all, n, tokens, packing) => {
          const groups = groupMicroBatches(all, { maxSamples: n, maxTokens: tokens, packing });
          expect(groups.flat().sort((a, b) => a - b)).toEqual(all.map((_, i) => i));
          for (const group of groups) {
            expect(group.length).toBeLessThanOrEqual(n);
            const own = group.map((i) => all[i] as number);
            const size = packing ? own.reduce((a, b) => a + b) : group.length * Math.max(...own);
            if (group.length > 1) expect(size).toBeLessThanOrEqual(tokens);
          }
        },
      ),
    );
  });

  test("a packing model takes short samples beside a long one: padding does not count", () => {
    const limits = { maxSamples: 8, maxTokens: 200 };
    expect(groupMicroBatches([20, 100, 20, 20, 20], limits)).toEqual([
      [1, 0],
      [2, 3, 4],
    ]);
    expect(groupMicroBatches([20, 100, 20, 20, 20], { ...limits, packing: true })).toEqual([[1, 0, 2, 3, 4]]);
  });
});
