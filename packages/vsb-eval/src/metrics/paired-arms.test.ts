import { describe, expect, it } from "vitest";
import { comparePaired, relativeDrop } from "./paired-arms.js";

describe("relativeDrop", () => {
  it("reproduces the paper's rows from D1 and D0 within 0.1 points", () => {
    const rows = [
      [86.7, 99.5, 12.8],
      [73.0, 98.4, 25.9],
      [18.4, 89.3, 79.4],
      [16.5, 53.5, 69.2],
    ] as const;
    for (const [withVideo, without, drop] of rows) {
      expect(Math.abs(100 * (relativeDrop(without, withVideo) as number) - drop)).toBeLessThanOrEqual(0.1001);
    }
  });
  it("is null for D0 = 0 and negative when the video helps", () => {
    expect(relativeDrop(0, 0.5)).toBeNull();
    expect(relativeDrop(0.5, 0.75)).toBe(-0.5);
  });
});

describe("comparePaired", () => {
  const pairs = Array.from({ length: 100 }, (_, i) => ({
    item: `${i}`,
    cluster: `${i >> 1}`,
    first: i < 90 ? (1 as const) : (0 as const),
    second: i < 20 ? (1 as const) : (0 as const),
  }));
  it("compares over pairs with intervals over videos", () => {
    const result = comparePaired(pairs);
    expect(result).toMatchObject({ pairs: 100, first: 0.9, second: 0.2, mcNemar: { b: 70, c: 0 } });
    expect(result.relativeDrop.value).toBeCloseTo(0.7 / 0.9, 12);
    expect(result.relativeDrop.interval?.lower).toBeLessThan(0.7 / 0.9);
    expect(result.relativeDrop.interval?.upper).toBeGreaterThan(0.7 / 0.9);
  });
  it("is null without pairs", () => {
    const result = comparePaired([]);
    expect(result).toMatchObject({ pairs: 0, first: null, difference: { value: null, interval: null } });
  });
});
