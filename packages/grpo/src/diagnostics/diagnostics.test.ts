import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { computeAdvantages } from "../advantages/advantages.js";
import { CollapseMonitor, type RunObservation } from "./collapse-monitor.js";
import { correlation, ratioQuantiles, rewardVarianceShares, slope, zeroVarianceCauses } from "./diagnostics.js";

it("splits dead groups by cause", () => {
  const column = [0, 0, 3, 3, 1, 1, 0, 3, null, 2];
  const { groups } = computeAdvantages({ rewards: [column], groups: 2 });
  expect(zeroVarianceCauses(groups)).toEqual({ total: 0.8, allLow: 0.2, allHigh: 0.2, tied: 0.2, unscorable: 0.2 });
  const same = computeAdvantages({ rewards: [[1, 1, 1, 1]], groups: 2 }).groups;
  expect(zeroVarianceCauses(same)).toMatchObject({ tied: 1, allLow: 0 }); // nothing to compare with
  expect(zeroVarianceCauses(same, { min: 0, max: 1 })).toMatchObject({ allHigh: 1 });
});

it("variance shares add up to 1 and follow the weights", () => {
  const numbers = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(numbers, numbers, (a, b) => {
      const shares = rewardVarianceShares([a, b], [1, 2]);
      const total = shares.reduce((sum, share) => sum + share, 0);
      expect(total === 0 || Math.abs(total - 1) < 1e-6).toBe(true);
    }),
  );
  expect(
    rewardVarianceShares([
      [0, 1],
      [1, 1],
    ]),
  ).toEqual([1, 0]);
});

it("correlation and slope by hand", () => {
  expect(correlation([1, 2, 3, Number.NaN], [2, 4, 6, 1])).toBeCloseTo(1, 12);
  expect(correlation([1, 2, 3], [3, 2, 1])).toBeCloseTo(-1, 12);
  expect(correlation([1, 1], [1, 2])).toBe(0);
  expect(slope([1, 3, Number.NaN, 7])).toBeCloseTo(2, 12);
  expect(slope([4])).toBe(0);
});

it("ratio quantiles are of the raw ratios of counted tokens", () => {
  const row = (...values: number[]) => Float64Array.from(values);
  const found = ratioQuantiles([row(0, 0, 5)], [row(-Math.log(2), 0, 0)], [Uint8Array.of(1, 1, 0)], [0, 0.5, 1]);
  expect(found[0]).toBeCloseTo(1, 12);
  expect(found[1]).toBeCloseTo(1.5, 12);
  expect(found[2]).toBeCloseTo(2, 12);
});

describe("CollapseMonitor", () => {
  const healthy: Omit<RunObservation, "step"> = {
    reward: 1,
    zeroVariance: 0.2,
    rewardLengthCorrelation: 0.1,
    meanLength: 100,
    truncated: 0,
    kl: 0.01,
    entropyEstimate: 1,
    effectiveSampleSize: 0.99,
    clipFraction: 0.02,
  };
  const run = (change: (step: number) => Partial<RunObservation>, steps = 40) => {
    const monitor = new CollapseMonitor({ window: 5 });
    return Array.from({ length: steps }, (_, step) => monitor.observe({ ...healthy, step, ...change(step) })).flat();
  };
  it("is silent on a healthy run", () => expect(run(() => ({}))).toEqual([]));
  it.each<[string, (step: number) => Partial<RunObservation>]>([
    ["dead-groups", (step) => ({ zeroVariance: step > 20 ? 0.9 : 0.1 })],
    ["entropy-collapse", (step) => ({ entropyEstimate: 1 / (1 + step) })],
    ["kl-runaway", (step) => ({ kl: 0.05 * step })],
    ["length-hacking", (step) => ({ rewardLengthCorrelation: 0.9, meanLength: 100 + 3 * step })],
    ["off-policy", () => ({ effectiveSampleSize: 0.2 })],
    ["truncation", () => ({ truncated: 0.8 })],
  ])("raises %s once, with evidence", (rule, change) => {
    const alarms = run(change);
    expect(alarms.map((alarm) => alarm.rule)).toEqual([rule]);
    for (const value of Object.values(alarms[0]?.evidence ?? {})) expect(Number.isFinite(value)).toBe(true);
  });
  it("raises again after it stopped", () => {
    expect(run((step) => ({ truncated: step % 20 < 10 ? 1 : 0 }))).toHaveLength(2);
  });
});
