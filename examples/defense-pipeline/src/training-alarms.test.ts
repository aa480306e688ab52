import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type StageRates, trainingAlarms } from "./training-alarms.js";
import { RewardLog, type RewardRow } from "./training-log-node.js";

const rates = (stage: string, frr: number | null, usefulness: number | null): StageRates => ({
  stage,
  frr,
  truth: { usefulness, scores: {} },
});
const row = (rollout: number, reward: number, deadGroups = 0): RewardRow => ({
  rollout,
  reward,
  parts: {},
  deadGroups,
});
const rulesOf = (stages: readonly StageRates[], rows: readonly RewardRow[] = []) =>
  trainingAlarms(stages, rows).map(({ stage, rule }) => `${stage} ${rule}`);

test("a stage that refuses safe queries or unlearns to answer is named, a better one is not", () => {
  const base = rates("base", 0.01, 0.75);
  expect(rulesOf([base, rates("stage-1", 0.04, 0.72), rates("stage-2", 0.2, 0.5)])).toEqual([
    "stage-2 over-refusal",
    "stage-2 lost-understanding",
  ]);
  expect(rulesOf([rates("base", 0.3, 0.5), rates("stage-1", 0.2, 0.9)])).toEqual([]);
  expect(rulesOf([base, rates("stage-1", null, null)])).toEqual([]);
});

test("understanding is that of questions about the clip", () => {
  const truth = (count: number) => ({ usefulness: 0.9, scores: { "V: right": { count, of: 100 } } });
  const stages = [50, 30].map((count, i) => ({ stage: `s${i}`, frr: 0, truth: truth(count) }));
  expect(rulesOf(stages)).toEqual(["s1 lost-understanding"]);
});

test("stage 4 is named when its reward falls or its groups are dead", () => {
  const base = [rates("base", 0, 1)];
  expect(rulesOf(base, [row(0, 2), row(1, 2), row(2, 1), row(3, 1)])).toEqual(["stage-4 reward-collapse"]);
  expect(rulesOf(base, [row(0, 3, 0.9), row(1, 3, 0.8)])).toEqual(["stage-4 dead-groups"]);
  expect(rulesOf(base, [row(0, 2), row(1, 3)])).toEqual([]);
});

test("a rollout that is done again replaces its line", () => {
  const file = join(mkdtempSync(join(tmpdir(), "rewards-")), "log.jsonl");
  const log = new RewardLog(file);
  for (const one of [row(0, 1), row(1, 2)]) log.put(one);
  const resumed = new RewardLog(file);
  resumed.put(row(1, 2));
  resumed.put(row(2, 3));
  expect(readFileSync(file, "utf8").trim().split("\n").length).toBe(3);
  expect(new RewardLog(file).rows.map(({ reward }) => reward)).toEqual([1, 2, 3]);
});
