import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RewardLog, type RewardRow } from "./training-log-node.js";

const row = (rollout: number, reward: number): RewardRow => ({ rollout, reward, parts: {}, deadGroups: 0 });

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
