import { createRng } from "@videosafety/random";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  CalibrationError,
  conformalThreshold,
  fitTemperature,
  minimumCalibrationSize,
  NonFiniteError,
} from "../index.js";

const rng = createRng(20261123);
const uniforms = (n: number): number[] => Array.from({ length: n }, () => rng.uniform());

describe("conformalThreshold", () => {
  test("by hand: 19 scores at 10 % refuse above the 18th", () => {
    const scores = Array.from({ length: 19 }, (_, i) => i + 1);
    expect(conformalThreshold(scores, { targetFrr: 0.1, confidence: null })).toEqual({
      ...{ targetFrr: 0.1, confidence: null, threshold: 18, count: 19, rank: 18 },
      expectedFrr: expect.closeTo(0.1, 12),
    });
  });

  // Scores are uniform, so the false refusal rate of a threshold t is exactly 1 - t.
  test("simulation: the mean FRR over 4000 calibration sets keeps its promise, tightly", () => {
    for (const [n, targetFrr] of [
      [99, 0.05],
      [150, 0.02],
      [60, 0.1],
    ] as const) {
      const rates = Array.from(
        { length: 4000 },
        () => 1 - conformalThreshold(uniforms(n), { targetFrr, confidence: null }).threshold,
      );
      const mean = rates.reduce((a, b) => a + b) / rates.length;
      const { expectedFrr } = conformalThreshold(uniforms(n), { targetFrr, confidence: null });
      const standardError = Math.sqrt((targetFrr * (1 - targetFrr)) / n / rates.length);
      expect(expectedFrr).toBeLessThanOrEqual(targetFrr + 1e-12);
      expect(expectedFrr).toBeGreaterThan(targetFrr - 1 / (n + 1));
      expect(Math.abs(mean - expectedFrr)).toBeLessThan(4 * standardError);
    }
  });

  test("simulation: with confidence 90 % at most 10 % of 4000 calibration sets break the rate, and not far fewer", () => {
    for (const [n, targetFrr] of [
      [300, 0.02],
      [120, 0.05],
    ] as const) {
      const rates = Array.from(
        { length: 4000 },
        () => 1 - conformalThreshold(uniforms(n), { targetFrr, confidence: 0.9 }).threshold,
      );
      const broken = rates.filter((rate) => rate > targetFrr).length / rates.length;
      expect(broken).toBeLessThan(0.1 + 4 * Math.sqrt(0.09 / rates.length));
      expect(broken).toBeGreaterThan(0.02);
    }
  });

  test("property: never more than the promised share of the calibration samples lie above, ties included", () => {
    const score = fc.integer({ min: 0, max: 5 });
    const target = fc.record({ targetFrr: fc.constantFrom(0.02, 0.1, 0.3), confidence: fc.constantFrom(null, 0.9) });
    fc.assert(
      fc.property(fc.array(score, { minLength: 120, maxLength: 200 }), target, (scores, options) => {
        const { threshold, rank } = conformalThreshold(scores, options);
        const above = scores.filter((value) => value > threshold).length;
        expect(above).toBeLessThanOrEqual(scores.length - rank);
        expect(above / scores.length).toBeLessThanOrEqual(options.targetFrr);
      }),
    );
  });

  test("property: the minimum size is enough, and one less is refused", () => {
    const target = fc.record({
      targetFrr: fc.double({ min: 0.005, max: 0.5, noNaN: true }),
      confidence: fc.oneof(fc.constant(null), fc.double({ min: 0.5, max: 0.99, noNaN: true })),
    });
    fc.assert(
      fc.property(target, (options) => {
        const needed = minimumCalibrationSize(options);
        expect(conformalThreshold(uniforms(needed), options).rank).toBeLessThanOrEqual(needed);
        if (needed > 0) expect(() => conformalThreshold(uniforms(needed - 1), options)).toThrow(CalibrationError);
      }),
    );
  });

  test("known minimum sizes", () => {
    expect(minimumCalibrationSize({ targetFrr: 0.02, confidence: null })).toBe(49);
    expect(minimumCalibrationSize({ targetFrr: 0.02, confidence: 0.95 })).toBe(149);
    expect(minimumCalibrationSize({ targetFrr: 0.05, confidence: 0.95 })).toBe(59);
  });

  test("bad input", () => {
    const scores = uniforms(100);
    for (const target of [
      { targetFrr: 0, confidence: null },
      { targetFrr: 1, confidence: null },
      { targetFrr: 0.1, confidence: 1 },
      { targetFrr: Number.NaN, confidence: null },
    ]) {
      expect(() => conformalThreshold(scores, target)).toThrow(/in \(0, 1\)/);
    }
    expect(() => conformalThreshold([...scores, Number.NaN], { targetFrr: 0.1, confidence: null })).toThrow(
      NonFiniteError,
    );
    expect(() => conformalThreshold(uniforms(20), { targetFrr: 0.02, confidence: null })).toThrow(
      /at least 49 safe samples .* found 20/,
    );
  });
});

describe("fitTemperature", () => {
  test("finds the temperature that the logits were heated with", () => {
    for (const temperature of [0.5, 1, 3]) {
      const trueLogits = Array.from({ length: 20_000 }, () => 2 * rng.normal());
      const labels = trueLogits.map((z) => (rng.uniform() < 1 / (1 + Math.exp(-z)) ? 1 : 0) as 0 | 1);
      const fitted = fitTemperature(
        trueLogits.map((z) => z * temperature),
        labels,
      );
      expect(fitted / temperature).toBeGreaterThan(0.93);
      expect(fitted / temperature).toBeLessThan(1.07);
    }
  });

  test("separable data give a finite temperature, nonsense a high one", () => {
    const separable = fitTemperature([-3, -2, 2, 3], [0, 0, 1, 1]);
    expect(separable).toBeGreaterThan(0.1);
    expect(separable).toBeLessThan(10);
    expect(fitTemperature([3, 2, -2, -3], [0, 0, 1, 1])).toBeCloseTo(100, 0);
  });

  test("bad input", () => {
    expect(() => fitTemperature([1, 2], [1, 1])).toThrow(/0 safe and 2 harmful/);
    expect(() => fitTemperature([1, Number.NaN], [1, 0])).toThrow(NonFiniteError);
    expect(() => fitTemperature([1], [1, 0])).toThrow(/one label per logit/);
  });
});
