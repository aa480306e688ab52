import { isCanonicalCompletion } from "@videosafety/safety-data";
import { isProblemType, unknownProblemType } from "./problem-types.js";
import type { RewardRow } from "./reward-row.js";
import { type Score, scored } from "./score.js";

/**
 * 1 if the completion is in the documented format, else 0: the four blocks for a safety problem, think and answer for
 * the others; every tag once, labels 0 or 1, outer white space allowed. The authors' rule (`vsr1FormatReward`) lets nested and
 * repeated tags pass and gives every other problem type 0.
 */
export function formatScore(row: Pick<RewardRow, "completion" | "problemType">): Score {
  if (!isProblemType(row.problemType)) return unknownProblemType(row.problemType);
  const blocks = row.problemType === "free-form-and-choice" ? "all" : "answerOnly";
  return scored(isCanonicalCompletion(row.completion, blocks) ? 1 : 0);
}
