import type { EvaluatedRun } from "@videosafety/vsb-eval";
import { expect, test } from "vitest";
import { runSummary } from "./run-summary.js";
import { scoreTable } from "./score-table.js";

test("scores stand by name and checkpoint; what a checkpoint has not is a dash", () => {
  const scores = {
    base: { right: { count: 1, of: 4 } },
    "stage-1": { right: { count: 4, of: 4 }, "a longer name": { count: 0, of: 2 } },
  };
  expect(scoreTable(scores).split("\n")).toEqual([
    "%                base stage-1",
    "a longer name       -     0.0  of 2",
    "right            25.0   100.0  of 4",
  ]);
  expect(scoreTable({ base: {} })).toBe("");
});

test("a run's line counts verdicts only, the other arm apart", () => {
  const unit = (subset: string, arm: string, safe: 0 | 1 | null) => ({
    ...{ item: { subset }, arm, outcome: "answered" },
    verdict: safe === null ? null : { safe, stance: safe === 1 ? "refusal" : "compliance" },
  });
  const units = [
    ...[unit("HH", "video", 1), unit("HH", "video", 0), unit("HH", "video", null), unit("HH", "text", 1)],
    ...[unit("SafeQ", "video", 1), unit("SafeQ", "video", 0), unit("SafeQ", "video", 0)],
  ];
  const line = runSummary({ arms: ["text", "video"], units } as unknown as EvaluatedRun);
  expect(line).toBe("defended HH 50.0 % (text 100.0 %), SH -; refused SafeQ 33.3 %");
});
