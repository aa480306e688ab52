import { expect, test } from "vitest";
import { type StageRates, trainingAlarms } from "./training-alarms.js";

const rates = (stage: string, frr: number | null, right: number | null): StageRates => ({
  stage,
  frr,
  understanding: right === null ? null : { of: "safe queries", right },
});
const row = (reward: number, deadGroups = 0) => ({ reward, deadGroups });
const rulesOf = (stages: readonly StageRates[], rows: readonly ReturnType<typeof row>[] = []) =>
  trainingAlarms(stages, new Map([["stage-4", rows]])).map(({ stage, rule }) => `${stage} ${rule}`);

test("a stage that refuses safe queries or unlearns to answer is named, a better one is not", () => {
  const base = rates("base", 0.01, 0.75);
  expect(rulesOf([base, rates("stage-1", 0.04, 0.72), rates("stage-2", 0.2, 0.5)])).toEqual([
    "stage-2 over-refusal",
    "stage-2 lost-understanding",
  ]);
  expect(rulesOf([rates("base", 0.3, 0.5), rates("stage-1", 0.2, 0.9)])).toEqual([]);
  expect(rulesOf([base, rates("stage-1", null, null)])).toEqual([]);
});

test("stage 4 is named when its reward falls or its groups are dead", () => {
  const base = [rates("base", 0, 1)];
  expect(rulesOf(base, [row(2), row(2), row(1), row(1)])).toEqual(["stage-4 reward-collapse"]);
  expect(rulesOf(base, [row(3, 0.9), row(3, 0.8)])).toEqual(["stage-4 dead-groups"]);
  expect(rulesOf(base, [row(2), row(3)])).toEqual([]);
});
