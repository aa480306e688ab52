import { readFileSync } from "node:fs";
import { createRng } from "@videosafety/random";
import { cohenKappa } from "@videosafety/safety-data";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { betaQuantile, studentQuantile } from "./beta-quantile.js";
import { sampleBinomial } from "./binomial-sampler.js";
import { clusterBootstrap, quantile } from "./cluster-bootstrap.js";
import { mcNemar } from "./mcnemar.js";
import { pairedDifference, pairedRelativeDrop } from "./mover.js";
import { benjaminiHochbergAdjust, holmAdjust } from "./multiple-testing.js";
import { normalCdf, normalQuantile } from "./normal-quantile.js";
import { clopperPearsonInterval, clusteredProportion, wilsonInterval } from "./proportion-interval.js";
import { roganGladen } from "./rogan-gladen.js";
import { signFlipTest } from "./sign-flip-test.js";

const golden = JSON.parse(readFileSync(new URL("../../test/golden/statistics.json", import.meta.url), "utf8"));

describe("against scipy and statsmodels", () => {
  it("wilsonInterval", () => {
    for (const [k, n, level, lower, upper] of golden.wilson) {
      const interval = wilsonInterval(k / n, n, level);
      expect(interval?.lower).toBeCloseTo(lower, 10);
      expect(interval?.upper).toBeCloseTo(upper, 10);
    }
  });
  it("betaQuantile, studentQuantile and clopperPearsonInterval", () => {
    for (const [p, a, b, x] of golden.beta) expect(betaQuantile(p, a, b)).toBeCloseTo(x, 12);
    for (const [p, degrees, t] of golden.student) expect(studentQuantile(p, degrees) / t).toBeCloseTo(1, 9);
    for (const [k, n, lower, upper] of golden.clopperPearson) {
      expect(clopperPearsonInterval(k / n, n)?.lower).toBeCloseTo(lower, 12);
      expect(clopperPearsonInterval(k / n, n)?.upper).toBeCloseTo(upper, 12);
    }
  });
  it("normalQuantile and normalCdf", () => {
    for (const [p, x] of golden.normal) expect(normalQuantile(p)).toBeCloseTo(x, 9);
    for (const [x, p] of golden.cdf) expect(Math.abs(normalCdf(x) / p - 1)).toBeLessThan(1e-10);
  });
  it("mcNemar", () => {
    for (const [b, c, method, p] of golden.mcnemar) {
      expect(mcNemar(b, c).method).toBe(method);
      expect(mcNemar(b, c).p).toBeCloseTo(p, 10);
    }
    expect(mcNemar(0, 0)).toMatchObject({ p: 1, method: "none" });
  });
  it("holmAdjust and benjaminiHochbergAdjust", () => {
    for (const { p, holm, bh } of golden.adjust) {
      holmAdjust(p).forEach((value, i) => {
        expect(value).toBeCloseTo(holm[i], 12);
      });
      benjaminiHochbergAdjust(p).forEach((value, i) => {
        expect(value).toBeCloseTo(bh[i], 12);
      });
    }
  });
  it("cohenKappa", () => {
    for (const { first, second, kappa } of golden.kappa) {
      expect(cohenKappa(first.map((a: number, i: number) => [`${a}`, `${second[i]}`]))).toBeCloseTo(kappa, 12);
    }
  });
  it("quantile (numpy)", () => {
    const sorted = [...golden.quantileValues].sort((a: number, b: number) => a - b);
    for (const [q, value] of golden.quantile) expect(quantile(sorted, q)).toBeCloseTo(value, 12);
  });
  it("sampleBinomial has the binomial distribution (chi-square below its 1e-6 bound)", () => {
    for (const { n, p, pmf } of golden.binomial) {
      const random = createRng(n);
      const draws = 40_000;
      const counts = new Float64Array(n + 1);
      for (let i = 0; i < draws; i++) {
        const k = sampleBinomial(n, p, random);
        counts[k] = (counts[k] as number) + 1;
      }
      let chi = 0;
      let cells = 0;
      let restCount = 0;
      let restExpected = 0;
      pmf.forEach((share: number, k: number) => {
        if (share * draws < 10) {
          restCount += counts[k] as number;
          restExpected += share * draws;
          return;
        }
        chi += ((counts[k] as number) - share * draws) ** 2 / (share * draws);
        cells++;
      });
      if (restExpected > 5) chi += (restCount - restExpected) ** 2 / restExpected;
      // Wilson-Hilferty: an upper bound on the chi-square quantile at 1 - 1e-6 for `cells` degrees of freedom.
      const bound = cells * (1 - 2 / (9 * cells) + 4.75 * Math.sqrt(2 / (9 * cells))) ** 3;
      expect(chi).toBeLessThan(bound);
    }
  });
  it("clusterBootstrap agrees with drawing clusters one by one", () => {
    const { clusters, lower, upper, standardError } = golden.bootstrap;
    const ratio = (sums: Float64Array): number => (sums[0] as number) / (sums[1] as number);
    const result = clusterBootstrap(clusters, { ratio }, { random: createRng(1), draws: 40_000 }).ratio;
    expect(result.standardError).toBeCloseTo(standardError, 3);
    expect(Math.abs((result.interval?.lower ?? 0) - lower)).toBeLessThan(0.009);
    expect(Math.abs((result.interval?.upper ?? 0) - upper)).toBeLessThan(0.009);
  });
});

describe("clusteredProportion", () => {
  it("gives the design document's intervals for 3800 independent items", () => {
    const cases = [
      [0.184, 17.2, 19.7],
      [0.73, 71.6, 74.4],
      [0.007, 0.5, 1.0],
    ] as const;
    for (const [p, lower, upper] of cases) {
      const hits = Math.round(p * 3800);
      const clusters = Array.from({ length: 3800 }, (_, i) => ({ successes: i < hits ? 1 : 0, count: 1 }));
      const { interval } = clusteredProportion(clusters);
      expect((interval?.lower ?? 0) * 100).toBeCloseTo(lower, 0);
      expect((interval?.upper ?? 0) * 100).toBeCloseTo(upper, 0);
      expect(Math.abs((interval?.lower ?? 0) * 100 - lower)).toBeLessThan(0.1);
      expect(Math.abs((interval?.upper ?? 0) * 100 - upper)).toBeLessThan(0.1);
    }
  });
  it("is null without observations, without interval for one cluster, and never narrower than for independent units", () => {
    expect(clusteredProportion([])).toMatchObject({ n: 0, value: null, interval: null });
    expect(clusteredProportion([{ successes: 2, count: 3 }])).toMatchObject({ value: 2 / 3, interval: null });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { minLength: 2, maxLength: 30 }), (pairs) => {
        const clusters = pairs.map(([a, b]) => ({ successes: a, count: a + b }));
        const { value, n, interval, clusters: size } = clusteredProportion(clusters);
        if (value === null || size < 2 || interval === null) return;
        const plain = wilsonInterval(value, n);
        expect(interval.upper - interval.lower).toBeGreaterThanOrEqual(
          (plain?.upper ?? 1) - (plain?.lower ?? 0) - 1e-12,
        );
        expect(interval.lower).toBeLessThanOrEqual(value);
        expect(interval.upper).toBeGreaterThanOrEqual(value);
      }),
    );
  });
  it("does not gain certainty from copies of a cluster's units", () => {
    const single = Array.from({ length: 50 }, (_, i) => ({ successes: i % 2, count: 1 }));
    const copied = single.map(({ successes }) => ({ successes: 4 * successes, count: 4 }));
    const width = (x: typeof single) => {
      const { interval } = clusteredProportion(x);
      return (interval?.upper ?? 0) - (interval?.lower ?? 0);
    };
    expect(width(copied)).toBeCloseTo(width(single), 2);
  });
});

describe("the simulated coverage (bench/interval-coverage.ts)", () => {
  it("is at least 0.93 in every cell", () => {
    const path = new URL("../../test/golden/interval-coverage.json", import.meta.url);
    const cells: { what: string; now: number; drop?: number }[] = JSON.parse(readFileSync(path, "utf8"));
    expect(cells).toHaveLength(1510);
    expect(Math.min(...cells.flatMap(({ now, drop }) => [now, drop ?? 1]))).toBeGreaterThanOrEqual(0.93);
  });
});

describe("paired intervals", () => {
  const flips = (n: number, lost: number, gained: number) =>
    Array.from({ length: n }, (_, i) => ({
      count: 1,
      first: i < lost ? 1 : 0,
      second: i >= n - gained ? 1 : 0,
      lost: i < lost ? 1 : 0,
      gained: i >= n - gained ? 1 : 0,
    }));
  it("keep a width where every pair flips, or none does", () => {
    const all = pairedDifference(flips(4, 4, 0));
    expect(all.value).toBe(-1);
    expect(all.interval?.upper).toBeGreaterThan(-0.3);
    const none = pairedDifference(flips(4, 0, 0));
    expect(none.value).toBe(0);
    expect((none.interval?.upper ?? 0) - (none.interval?.lower ?? 0)).toBeGreaterThan(0.5);
  });
  it("contain their value, stay in range, and mirror when the two change places", () => {
    fc.assert(
      fc.property(fc.nat(6), fc.nat(6), fc.nat(20), (lost, gained, rest) => {
        const n = lost + gained + rest + 2;
        const { value, interval } = pairedDifference(flips(n, lost, gained));
        expect(interval?.lower).toBeLessThanOrEqual(value as number);
        expect(interval?.upper).toBeGreaterThanOrEqual(value as number);
        expect(Math.abs(interval?.lower ?? 0)).toBeLessThanOrEqual(1);
        const back = pairedDifference(flips(n, gained, lost)).interval;
        expect(back?.lower).toBeCloseTo(-(interval?.upper ?? 0), 9);
        const drop = pairedRelativeDrop(flips(n, lost, gained));
        if (drop.interval !== null) expect(drop.interval.lower).toBeLessThanOrEqual(drop.value as number);
      }),
    );
  });
});

describe("templates as a second way", () => {
  it("widen an interval when they explain the outcome, and change nothing below five", () => {
    const videos = Array.from({ length: 30 }, () => ({ successes: 5, count: 10 }));
    const templates = (n: number) =>
      Array.from({ length: n }, (_, i) => ({ successes: i % 2 === 0 ? 300 / n : 0, count: 300 / n }));
    const width = (crossed: { successes: number; count: number }[]) => {
      const { interval } = clusteredProportion(videos, 0.95, crossed);
      return (interval?.upper ?? 0) - (interval?.lower ?? 0);
    };
    expect(width(templates(4))).toBe(width([]));
    expect(width(templates(10))).toBeGreaterThan(2 * width([]));
  });
});

describe("clusterBootstrap", () => {
  it("covers the true rate about as often as it says", () => {
    let covered = 0;
    const random = createRng(5);
    const runs = 300;
    for (let run = 0; run < runs; run++) {
      const clusters = Array.from({ length: 60 }, () => {
        const rate = random.uniform() < 0.5 ? 0.9 : 0.5;
        const count = 1 + random.integer(3);
        return [sampleBinomial(count, rate, random), count];
      });
      const { interval } = clusterBootstrap(
        clusters,
        { p: (s) => (s[0] as number) / (s[1] as number) },
        { random, draws: 400 },
      ).p;
      if (interval !== null && interval.lower <= 0.7 && interval.upper >= 0.7) covered++;
    }
    expect(covered / runs).toBeGreaterThan(0.89);
    expect(covered / runs).toBeLessThan(0.99);
  });
  it("has no interval for one cluster or a mostly undefined statistic", () => {
    const options = { random: createRng(0), draws: 50 };
    expect(clusterBootstrap([[1, 1]], { x: () => 1 }, options).x.interval).toBeNull();
    expect(clusterBootstrap([[1], [2]], { x: () => null }, options).x).toMatchObject({
      interval: null,
      undefinedDraws: 50,
    });
  });
});

describe("signFlipTest", () => {
  it("matches the exact p of all sign assignments", () => {
    const sums = [2, 1, 1, -1, 1, 3, 1, 0, 1, -2];
    const moving = sums.filter((x) => x !== 0);
    const total = Math.abs(moving.reduce((a, b) => a + b, 0));
    let extreme = 0;
    for (let mask = 0; mask < 2 ** moving.length; mask++) {
      const sum = moving.reduce((s, value, i) => s + ((mask >> i) & 1 ? value : -value), 0);
      if (Math.abs(sum) >= total) extreme++;
    }
    const { p } = signFlipTest(sums, 20, { random: createRng(3), draws: 40_000 });
    expect(p).toBeCloseTo(extreme / 2 ** moving.length, 2);
  });
  it("gives p = 1 without a difference", () => {
    expect(signFlipTest([0, 0], 4, { random: createRng(0), draws: 99 }).p).toBe(1);
  });
});

describe("roganGladen", () => {
  it("undoes an imperfect judge and clips", () => {
    const truth = 0.3;
    const [se, sp] = [0.9, 0.8];
    expect(roganGladen(truth * se + (1 - truth) * (1 - sp), se, sp)).toBeCloseTo(truth, 12);
    expect(roganGladen(0.05, se, sp)).toBe(0);
    expect(roganGladen(0.5, 0.5, 0.5)).toBeNull();
  });
});
