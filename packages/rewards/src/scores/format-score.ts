import { isCanonicalCompletion } from "@videosafety/safety-data";
import { type RewardFunction, type RewardRow, rewardFunction } from "../compose/reward-batch.js";
import type { AccuracyOptions } from "./accuracy-options.js";
import { type Score, scored } from "./score.js";
import { vsr1FormatReward } from "./vsr1.js";

/**
 * 1 if the completion is in the documented format, else 0: the four blocks for a safety problem, think and answer for
 * the others; every tag once, labels 0 or 1, outer white space allowed. The authors' rule (`vsr1FormatReward`) lets nested and
 * repeated tags pass and gives every other problem type 0.
 */
export function formatScore(row: Pick<RewardRow, "completion" | "problemType">): Score {
  const blocks = row.problemType === "free-form-and-choice" ? "all" : "answerOnly";
  return scored(isCanonicalCompletion(row.completion, blocks) ? 1 : 0);
}

/** The format reward as a batch function. */
export function formatReward(options: Partial<Pick<AccuracyOptions, "compat">> = {}): RewardFunction {
  return rewardFunction((row) =>
    options.compat === "vsr1" ? scored(vsr1FormatReward(row.completion)) : formatScore(row),
  );
}
