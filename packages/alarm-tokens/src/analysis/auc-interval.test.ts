import { createRng } from "@videosafety/random";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AlarmShapeError, auc, aucInterval, EmptyClassError } from "../index.js";

describe("aucInterval", () => {
  // Normal scores a distance apart have the area Phi(distance / sqrt 2); 0.7602, 0.9214 and 0.9831 from a table of Phi.
  test.each([
    [1, 0.7602, 30, 30],
    [2, 0.9214, 20, 60],
    [3, 0.9831, 40, 40],
  ] as const)(
    "simulation: 2000 draws %d standard deviations apart (area %d) are covered about 95 in 100 times",
    (apart, truth, harmful, safe) => {
      const rng = createRng(20261127);
      let covered = 0;
      for (let draw = 0; draw < 2000; draw++) {
        const labels = Array.from({ length: harmful + safe }, (_, i) => (i < harmful ? 1 : 0));
        const scores = labels.map((label) => apart * label + rng.normal());
        const [lower, upper] = aucInterval(auc(scores, labels), harmful, safe);
        if (lower <= truth && truth <= upper) covered += 1;
      }
      expect(covered / 2000).toBeGreaterThan(0.93);
      expect(covered / 2000).toBeLessThan(0.985);
    },
  );

  test("property: it holds the area, stays in [0, 1], narrows with more samples and mirrors with the classes", () => {
    const count = fc.integer({ min: 2, max: 500 });
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), count, count, (area, harmful, safe) => {
        const [lower, upper] = aucInterval(area, harmful, safe);
        expect(0 <= lower && lower <= area && area <= upper && upper <= 1).toBe(true);
        expect(upper).toBeGreaterThan(lower);
        const [narrowLower, narrowUpper] = aucInterval(area, 4 * harmful, 4 * safe);
        expect(narrowUpper - narrowLower).toBeLessThan(upper - lower + 1e-12);
        const [mirroredLower, mirroredUpper] = aucInterval(1 - area, harmful, safe);
        expect(mirroredLower).toBeCloseTo(1 - upper, 6);
        expect(mirroredUpper).toBeCloseTo(1 - lower, 6);
      }),
    );
  });

  test("bad input", () => {
    expect(() => aucInterval(1.1, 2, 2)).toThrow(AlarmShapeError);
    expect(() => aucInterval(Number.NaN, 2, 2)).toThrow(/in \[0, 1\], found NaN/);
    expect(() => aucInterval(0.5, 0, 2)).toThrow(EmptyClassError);
  });
});
