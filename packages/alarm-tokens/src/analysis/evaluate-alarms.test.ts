import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  alarmMetrics,
  auc,
  bestDsrAtFrr,
  EmptyClassError,
  labelRecord,
  leastFrrAtDsr,
  NonFiniteError,
  rocCurve,
  SafetyLabelError,
  shouldRefuse,
} from "../index.js";

const rows = fc
  .array(fc.tuple(fc.integer({ min: -5, max: 5 }), fc.constantFrom(0, 1)), { minLength: 2, maxLength: 30 })
  .filter((data) => new Set(data.map(([, y]) => y)).size === 2);

describe("rocCurve and auc", () => {
  test("property: the area is the share of pairs ranked rightly, ties half", () => {
    fc.assert(
      fc.property(rows, (data) => {
        let pairs = 0;
        let right = 0;
        for (const [a, ya] of data)
          for (const [b, yb] of data) {
            if (ya !== 1 || yb !== 0) continue;
            pairs += 1;
            right += a > b ? 1 : a === b ? 0.5 : 0;
          }
        const area = auc(
          data.map(([s]) => s),
          data.map(([, y]) => y),
        );
        expect(area).toBeCloseTo(right / pairs, 10);
      }),
    );
  });

  test("property: each point's rates are those of its threshold, and rise together", () => {
    fc.assert(
      fc.property(rows, (data) => {
        const points = rocCurve(
          data.map(([s]) => s),
          data.map(([, y]) => y),
        );
        for (const { threshold, dsr, frr } of points) {
          const share = (label: number): number => {
            const of = data.filter(([, y]) => y === label);
            return of.filter(([s]) => s >= threshold).length / of.length;
          };
          expect([dsr, frr]).toEqual([share(1), share(0)]);
        }
        expect(points[0]).toMatchObject({ dsr: 0, frr: 0 });
        expect(points.at(-1)).toMatchObject({ dsr: 1, frr: 1 });
      }),
    );
  });

  test("operating points", () => {
    const points = rocCurve([4, 3, 2, 1], [1, 0, 1, 0]);
    expect(leastFrrAtDsr(points, 1)).toEqual({ threshold: 2, dsr: 1, frr: 0.5 });
    expect(bestDsrAtFrr(points, 0.4)).toEqual({ threshold: 4, dsr: 0.5, frr: 0 });
  });

  test("bad input", () => {
    expect(() => auc([1, 2], [1, 1])).toThrow(EmptyClassError);
    expect(() => auc([1, 2], [1, 2])).toThrow(SafetyLabelError);
    expect(() => auc([1, Number.NaN], [1, 0])).toThrow(NonFiniteError);
    expect(() => auc([1], [1, 0])).toThrow(/one label per score/);
  });
});

describe("alarmMetrics", () => {
  test("a missing class gives null, not a number", () => {
    const metrics = alarmMetrics(
      [1, -1],
      [1, 2],
      [
        { visual: 1, textual: 1 },
        { visual: 0, textual: null },
      ],
      {
        refuseOn: "textual",
        dsr: 0.95,
      },
    );
    expect(metrics.visual).toMatchObject({ count: 2, accuracy: 1, auc: 1 });
    expect(metrics.textual).toMatchObject({ count: 1, accuracy: 1, auc: null });
    expect(metrics.frrAtDsr).toBeNull();
  });

  test("shouldRefuse with unknown labels", () => {
    expect(shouldRefuse({ visual: 1, textual: null }, "either")).toBe(true);
    expect(shouldRefuse({ visual: 0, textual: null }, "either")).toBeNull();
    expect(shouldRefuse({ visual: 0, textual: null }, "both")).toBe(false);
    expect(shouldRefuse({ visual: 1, textual: 1 }, "both")).toBe(true);
    expect(shouldRefuse({ visual: 1, textual: null }, "textual")).toBeNull();
    expect(shouldRefuse({ visual: 0, textual: 0 }, "either")).toBe(false);
  });
});

describe("labelRecord", () => {
  const record = (extra: object) => ({ conversations: [{ from: "human" as const, value: "hi" }], ...extra });

  test("authors' records, flat or nested, and legacy inversion only when asked for", () => {
    const flat = record({ visual_safety_label: 1, textual_safety_label: 0 });
    expect(labelRecord(flat)).toEqual({ visual: 1, textual: 0 });
    expect(labelRecord(flat, { invertedLabels: true })).toEqual({ visual: 0, textual: 1 });
    expect(labelRecord(record({ safety_labels: { visual: "harmful", textual: "safe" } }))).toEqual({
      visual: 1,
      textual: 0,
    });
  });

  test("half a pair and none", () => {
    const half = record({ textual_safety_label: 1 });
    expect(() => labelRecord(half, {}, { file: "a.jsonl", line: 7 })).toThrow(/^a\.jsonl:7: expected both labels/);
    expect(labelRecord(half, { partial: "mask" })).toEqual({ visual: null, textual: 1 });
    expect(labelRecord(record({}), { unlabeled: "safe" })).toEqual({ visual: 0, textual: 0 });
    expect(() => labelRecord(record({}))).toThrow(SafetyLabelError);
  });

  test("labels outside {0, 1} name the record", () => {
    const bad = record({ visual_safety_label: "2", textual_safety_label: 0 });
    expect(() => labelRecord(bad, {}, { file: "a.jsonl", line: 7 })).toThrow(/^a\.jsonl:7: .*found "2"/);
  });
});
