import { expect, it } from "vitest";
import {
  degradationFigure,
  degradationSchema,
  degradationTable,
  finalTable,
  measuredBefore,
} from "./degradation-report.js";

const measured = [0.4, 0].flatMap((replay) =>
  [100, 0].map((step) => ({
    replay,
    step,
    scores: { "HH: refused": { count: step === 0 ? 50 : 10, of: 50 }, "safe: right": { count: 1, of: 3 } },
  })),
);
const results = degradationSchema.parse({
  settings: { seed: 1, scale: 1, steps: 100, clips: 100, set: "development" },
  measured,
});

it("a run's results are one row per share of replay and length of tuning, in order, and what was not measured is a dash", () => {
  const rows = degradationTable(results).split("\n").slice(3);
  expect(rows.map((row) => row.split(" | ").slice(0, 4))).toEqual([
    ["| 0 %", "0", "-", "100.0"],
    ["| 0 %", "100", "-", "20.0"],
    ["| 40 %", "0", "-", "100.0"],
    ["| 40 %", "100", "-", "20.0"],
  ]);
  expect(rows[0]).toContain("33.3");
});

it("of several runs, the end of tuning is one row per base and share of replay", () => {
  const other = { ...results, settings: { ...results.settings, architecture: "qwen2-vl", seed: 7 } };
  const rows = finalTable([results, other]).split("\n").slice(2);
  expect(rows.map((row) => row.split(" | ").slice(0, 5))).toEqual([
    ["| videollama3", "1", "0 %", "-", "20.0"],
    ["| videollama3", "1", "40 %", "-", "20.0"],
    ["| qwen2-vl", "7", "0 %", "-", "20.0"],
    ["| qwen2-vl", "7", "40 %", "-", "20.0"],
  ]);
});

it("and a figure with one panel per share", () => {
  const svg = degradationFigure(results);
  expect(svg).toMatch(/^<svg /);
  for (const text of ["replay 0 %", "replay 40 %", "HH: refused", "steps of visual tuning"])
    expect(svg).toContain(text);
});

it("refuses a file of another kind", () => {
  expect(() => degradationSchema.parse({ settings: {}, measured: [] })).toThrow();
});

it("a run goes on with its own settings and no others", () => {
  expect(measuredBefore(results, { ...results.settings })).toEqual(measured);
  for (const other of [{ seed: 2 }, { clips: 20 }, { scale: 0.5 }])
    expect(() => measuredBefore(results, { ...results.settings, ...other })).toThrow(/to continue, found/);
});
