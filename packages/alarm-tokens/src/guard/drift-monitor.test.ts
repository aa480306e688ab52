import { createRng } from "@videosafety/random";
import { describe, expect, test } from "vitest";
import { CalibrationError, NonFiniteError } from "../errors.js";
import { createDriftMonitor, type DriftMonitorOptions, resumeDriftMonitor } from "./drift-monitor.js";
import { ScoreRanks } from "./score-ranks.js";

/** Runs of a stream of live scores against a fresh calibration; when each alarmed, or null. */
function alarms(
  runs: number,
  options: DriftMonitorOptions & { calibration: number; live: number },
  draw: (rng: ReturnType<typeof createRng>, t: number) => number,
): (number | null)[] {
  return Array.from({ length: runs }, (_, run) => {
    const rng = createRng(run + 1);
    const calibration = Array.from({ length: options.calibration }, () => draw(rng, -1));
    const { calibration: _c, live, ...rest } = options;
    const monitor = createDriftMonitor(calibration, { ...rest, seed: run });
    for (let t = 0; t < live; t++) if (monitor.observe(draw(rng, t)).drifted) return t;
    return null;
  });
}
const share = (found: readonly (number | null)[]): number => found.filter((t) => t !== null).length / found.length;

describe("the false-alarm bound, looking after every score", () => {
  // 250 runs at 10 %: four standard deviations above the bound are 18 %.
  test.each<[string, (rng: ReturnType<typeof createRng>) => number]>([
    ["normal scores", (rng) => rng.normal()],
    ["heavy tails", (rng) => 1 / (rng.uniform() + 1e-9)],
    ["three values, ties everywhere", (rng) => rng.integer(3)],
    ["one value only", () => 1],
  ])("%s: at most one run in ten alarms within 200 scores", (_name, draw) => {
    const found = alarms(250, { falseAlarmRate: 0.1, calibration: 60, live: 200 }, draw);
    expect(share(found)).toBeLessThan(0.18);
  });

  test("the evidence is at most 1 in the mean at a fixed and at a stopping time", () => {
    const [fixed, stopped]: [number[], number[]] = [[], []];
    for (let run = 0; run < 600; run++) {
      const rng = createRng(run + 10_000);
      const monitor = createDriftMonitor(
        Array.from({ length: 40 }, () => rng.normal()),
        { seed: run },
      );
      let stop: number | null = null;
      for (let t = 0; t < 60; t++) {
        const { evidence } = monitor.observe(rng.normal());
        if (stop === null && evidence > 1.5) stop = evidence; // whoever stops at a good moment
      }
      const { evidence } = monitor.reading();
      fixed.push(evidence);
      stopped.push(stop ?? evidence);
    }
    for (const values of [fixed, stopped]) {
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      const std = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1));
      expect(mean).toBeLessThan(1 + (4 * std) / Math.sqrt(values.length));
    }
  });
});

describe("drift is found", () => {
  const options = { falseAlarmRate: 0.01, tail: 0.02, calibration: 500, live: 1500 };
  test.each<[string, number, (rng: ReturnType<typeof createRng>, t: number) => number]>([
    ["all scores rise by one standard deviation", 120, (rng, t) => rng.normal() + (t < 0 ? 0 : 1)],
    ["all scores fall", 120, (rng, t) => rng.normal() - (t < 0 ? 0 : 1)],
    ["a change after 500 scores", 650, (rng, t) => rng.normal() + (t < 500 ? 0 : 1)],
    [
      "only the tail grows: five times as many above the 98 % point",
      400,
      (rng, t) => (t >= 0 && rng.uniform() < 0.08 ? 2.5 + rng.uniform() : rng.normal()),
    ],
  ])("%s: within %d scores in the median", (_name, within, draw) => {
    const found = alarms(20, options, draw);
    expect(share(found)).toBe(1);
    const sorted = found.map((t) => t as number).sort((a, b) => a - b);
    expect(sorted[10]).toBeLessThan(within);
  });
});

test("a stored monitor goes on to the bit, and an alarm stays one", () => {
  const rng = createRng(5);
  const calibration = Array.from({ length: 100 }, () => rng.normal());
  const live = Array.from({ length: 400 }, (_, t) => rng.normal() + (t > 100 ? 2 : 0));
  const whole = createDriftMonitor(calibration, { seed: 9 });
  let half = createDriftMonitor(calibration, { seed: 9 });
  live.forEach((score, t) => {
    const expected = whole.observe(score);
    if (t % 37 === 0) half = resumeDriftMonitor(JSON.parse(JSON.stringify(half.state())));
    expect(half.observe(score)).toEqual(expected);
  });
  expect(whole.reading().drifted).toBe(true);
  for (let t = 0; t < 300; t++) whole.observe(rng.normal()); // evidence may shrink again
  expect(whole.reading().drifted).toBe(true);
});

test("memory is bounded: beyond maximumScores nothing changes and it says so", () => {
  const monitor = createDriftMonitor(
    Array.from({ length: 19 }, (_, i) => i),
    { maximumScores: 3 },
  );
  for (const score of [1, 2]) expect(monitor.observe(score).exhausted).toBe(false);
  const last = monitor.observe(100);
  expect(last.exhausted).toBe(true);
  expect(monitor.observe(1e6)).toEqual(last);
  expect(monitor.state().scores).toHaveLength(22);
});

test("bad input is refused by name and changes nothing", () => {
  const scores = Array.from({ length: 30 }, (_, i) => i);
  expect(() => createDriftMonitor(scores.slice(0, 18))).toThrow(/at least 19 calibration scores, found 18/);
  expect(() => createDriftMonitor(scores, { falseAlarmRate: 0 })).toThrow(CalibrationError);
  expect(() => createDriftMonitor(scores, { tail: 1 })).toThrow(/tail/);
  expect(() => createDriftMonitor([...scores, Number.NaN])).toThrow(NonFiniteError);
  const monitor = createDriftMonitor(scores);
  const before = monitor.state();
  expect(() => monitor.observe(Number.POSITIVE_INFINITY)).toThrow(NonFiniteError);
  expect(monitor.state()).toEqual(before);
  for (const state of [null, {}, { ...before, format: "videosafety-drift-2" }, { ...before, logCapital: [] }])
    expect(() => resumeDriftMonitor(state)).toThrow(expect.objectContaining({ code: "invalid-calibration" }));
});

test("property: ranks agree with counting, in any order and with ties", () => {
  const rng = createRng(3);
  const ranks = new ScoreRanks();
  const values: number[] = [];
  for (let i = 0; i < 5000; i++) {
    const value = rng.integer(i < 2500 ? 50 : 1_000_000);
    if (i % 50 === 0) {
      const expected = {
        above: values.filter((x) => x > value).length,
        equal: values.filter((x) => x === value).length,
      };
      expect(ranks.rank(value)).toEqual(expected);
    }
    ranks.add(value);
    values.push(value);
  }
  expect(ranks.values()).toEqual(values.sort((a, b) => a - b));
});
