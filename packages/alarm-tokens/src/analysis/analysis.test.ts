import { createRng } from "@videosafety/random";
import { describe, expect, test } from "vitest";
import {
  AlarmShapeError,
  activationPatterns,
  alarmAttention,
  atcLogits,
  EmptyClassError,
  fitLinearProbe,
  layerProbes,
  NonFiniteError,
  reliability,
  tokenDrift,
} from "../index.js";

const rng = createRng(11);
const cells = [
  { visual: 1, textual: 1 },
  { visual: 1, textual: 0 },
  { visual: 0, textual: 1 },
  { visual: 0, textual: 0 },
] as const;

describe("activationPatterns", () => {
  test("means, quantiles and shares by hand", () => {
    const labels = [cells[0], cells[0], cells[3], { visual: 1, textual: null } as const];
    const found = activationPatterns([0, Math.log(3), -Math.log(3), 9], [1, 1, 1, 1], labels);
    expect(found.map(({ count }) => count)).toEqual([2, 0, 0, 1]);
    expect(found[0]?.visual.mean).toBeCloseTo(0.625, 12);
    expect(found[0]?.visual.quantiles[2]).toBeCloseTo(0.625, 12);
    expect(found[0]?.visual.raised).toBe(0.5);
    expect(found[1]?.visual).toEqual({ mean: null, quantiles: [], raised: null });
    expect(found[3]?.visual.mean).toBeCloseTo(0.25, 12);
    expect(() => activationPatterns([1], [1, 2], [cells[0]])).toThrow(AlarmShapeError);
    expect(() => activationPatterns([Number.NaN], [1], [cells[0]])).toThrow(NonFiniteError);
  });
});

describe("reliability", () => {
  test("by hand", () => {
    const { bins, expectedCalibrationError, brierScore } = reliability([0.1, 0.3, 0.9, 1], [0, 1, 1, 1], 2);
    expect(bins.map(({ count, said, found }) => [count, said, found])).toEqual([
      [2, 0.2, 0.5],
      [2, 0.95, 1],
    ]);
    expect(expectedCalibrationError).toBeCloseTo((0.6 + 0.1) / 4, 12);
    expect(brierScore).toBeCloseTo((0.01 + 0.49 + 0.01) / 4, 12);
  });

  test("probabilities that are true are reliable; overconfident ones are not", () => {
    const p = Array.from({ length: 20_000 }, () => rng.uniform());
    const labels = p.map((value) => (rng.uniform() < value ? 1 : 0));
    expect(reliability(p, labels).expectedCalibrationError).toBeLessThan(0.02);
    const sharpened = p.map((value) => value ** 3 / (value ** 3 + (1 - value) ** 3));
    expect(reliability(sharpened, labels).expectedCalibrationError).toBeGreaterThan(0.1);
  });

  test("bad input", () => {
    expect(() => reliability([1.1], [1])).toThrow(NonFiniteError);
    expect(() => reliability([], [])).toThrow(EmptyClassError);
    expect(() => reliability([0.5], [])).toThrow(AlarmShapeError);
  });
});

describe("linear probes", () => {
  const labels = Array.from({ length: 200 }, (_, i) => (i % 2) as 0 | 1);
  const states = (signal: number): Float64Array =>
    Float64Array.from({ length: 200 * 6 }, (_, k) =>
      k % 6 === 2 ? 100 + 10 * (signal * (labels[Math.floor(k / 6)] as number) + rng.normal()) : rng.normal(),
    );

  test("a readable layer is found, an unreadable one is at chance", () => {
    const probes = layerProbes([states(0), states(2), states(5)], labels);
    expect(probes.map(({ layer }) => layer)).toEqual([0, 1, 2]);
    expect(probes[0]?.auc).toBeGreaterThan(0.3);
    expect(probes[0]?.auc).toBeLessThan(0.7);
    expect(probes[1]?.auc).toBeGreaterThan(0.85);
    expect(probes[2]?.auc).toBeGreaterThan(0.99);
    expect(probes[2]?.interval[0]).toBeGreaterThan(0.95);
    expect(probes[0]?.interval[0]).toBeLessThan(0.5);
    expect(probes[0]?.interval[1]).toBeGreaterThan(0.5);
  });

  test("the fit is the minimum: its slope in every direction is 0", () => {
    const hidden = Float64Array.from({ length: 400 }, () => rng.normal());
    const y = labels.slice(0, 200);
    const probe = fitLinearProbe(hidden, y, 0.1);
    const columns = [0, 1].map((j) => Array.from({ length: 200 }, (_, i) => hidden[2 * i + j] as number));
    const deviation = columns.map((column) => {
      const mean = column.reduce((a, b) => a + b) / 200;
      return Math.sqrt(column.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 200);
    });
    const objective = (weight: number[], bias: number): number => {
      const logits = atcLogits(hidden, { weight, bias });
      const fit = y.reduce<number>(
        (sum, label, i) => sum + Math.log1p(Math.exp((label === 1 ? -1 : 1) * (logits[i] as number))),
        0,
      );
      const penalty = weight.reduce((sum, w, j) => sum + (w * (deviation[j] as number)) ** 2, 0);
      return fit / 200 + 0.05 * penalty;
    };
    const best = Array.from(probe.weight);
    const at = objective(best, probe.bias);
    for (const [dw0, dw1, db] of [
      [1e-3, 0, 0],
      [-1e-3, 0, 0],
      [0, 1e-3, 0],
      [0, -1e-3, 0],
      [0, 0, 1e-3],
      [0, 0, -1e-3],
    ] as const) {
      expect(objective([(best[0] as number) + dw0, (best[1] as number) + dw1], probe.bias + db)).toBeGreaterThan(at);
    }
  });

  test("bad input", () => {
    expect(() => fitLinearProbe([1, 2, 3], [0, 1])).toThrow(AlarmShapeError);
    expect(() => fitLinearProbe([1, 2], [1, 1])).toThrow(EmptyClassError);
  });
});

describe("tokenDrift", () => {
  test("lengths, moves and cosines", () => {
    const [start, end] = tokenDrift([
      { stage: "zeros", visual: [0, 0], textual: [0, 0] },
      { stage: "one", visual: [3, 4], textual: [4, -3] },
    ]);
    expect(start).toMatchObject({ visual: { norm: 0, moved: null, cosineToPrevious: null }, cosineBetween: null });
    expect(end).toMatchObject({ visual: { norm: 5, moved: 5, cosineToPrevious: null }, cosineBetween: 0 });
    expect(() => tokenDrift([{ stage: "bad", visual: [1], textual: [1, 2] }])).toThrow(AlarmShapeError);
  });
});

describe("alarmAttention", () => {
  test("who looks at whom", () => {
    // 4 tokens: video, visual alarm, query, textual alarm; two heads with the same uniform causal weights.
    const rows = [
      [1, 0, 0, 0],
      [0.5, 0.5, 0, 0],
      [0.2, 0.6, 0.2, 0],
      [0.25, 0.25, 0.25, 0.25],
    ];
    const data = [...rows.flat(), ...rows.flat()];
    const parts = [
      { name: "video", start: 0, end: 1 },
      { name: "query", start: 2, end: 3 },
    ];
    expect(alarmAttention({ data, dims: [2, 4, 4] }, { visual: 1, textual: 3 }, parts)).toEqual([
      { part: "video", fromAlarm: { visual: 0.5, textual: 0.25 }, toAlarm: { visual: 0, textual: 0 } },
      { part: "query", fromAlarm: { visual: 0, textual: 0.25 }, toAlarm: { visual: 0.6, textual: 0 } },
    ]);
    expect(() => alarmAttention({ data, dims: [4, 4] }, { visual: 1, textual: 3 }, parts)).toThrow(AlarmShapeError);
  });
});
