import { expect, test } from "vitest";
import { ARMS, readoutOf } from "../arms.js";
import { type AlarmHeads, alarmHeadsTable, readAlarmHeads } from "./alarm-heads.js";

const row = (seed: number, auc: number, more: Partial<AlarmHeads> = {}): AlarmHeads => ({
  arm: "stage-2",
  seed,
  draw: "test",
  base: `base ${seed}`,
  visual: { auc, harmful: 40, safe: 60 },
  textual: null,
  environment: {},
  ...more,
});

test("classifiers read alarm tokens, the last token, or nothing that was trained", () => {
  const readout = (name: string) => readoutOf(ARMS.find((arm) => arm.name === name) as (typeof ARMS)[number]);
  expect(["stage-2", "full", "at-sft-last-token"].map(readout)).toEqual(["alarm-tokens", "alarm-tokens", "last-token"]);
  for (const name of ["base", "stage-1", "no-atc", "no-alarm-tokens", "words-bayes"]) expect(readout(name)).toBeNull();
});

test("a table has the mean, each seed and the widest interval", () => {
  const rows = readAlarmHeads([row(1, 0.9), row(2, 0.8)].map((one) => JSON.stringify(one)).join("\n"));
  expect(alarmHeadsTable(rows)).toContain("| stage 2 | 1, 2 | **0.850** (0.900, 0.800; each +- 0.089)");
  expect(alarmHeadsTable(rows)).toContain(") | - |");
});

test("lines that do not belong together are refused", () => {
  expect(() => alarmHeadsTable([row(1, 0.9), row(1, 0.8)])).toThrow(/one line per arm and seed/);
  expect(() => alarmHeadsTable([row(1, 0.9), row(1, 0.8, { arm: "full", base: "other" })])).toThrow(/draw and base/);
  expect(() => alarmHeadsTable([row(1, 0.9), row(2, 0.8, { draw: "development" })])).toThrow(/draw and base/);
  expect(() => readAlarmHeads(JSON.stringify(row(1, 1.2)))).toThrow(/auc/);
});
