import { type AccuracyOptions, accuracyOptionsSchema } from "../scores/accuracy/accuracy-options.js";
import { accuracyScore } from "../scores/accuracy/accuracy-score.js";
import { vsr1AccuracyRewards, vsr1FormatReward } from "../scores/accuracy/vsr1.js";
import { formatScore } from "../scores/format-score.js";
import { scored } from "../scores/score.js";
import { type BatchOptions, batchRows, type RewardFunction, rewardFunction } from "./reward-batch.js";

/** The accuracy reward as a batch function; options are checked by `accuracyOptionsSchema`. */
export function accuracyReward(options: Partial<AccuracyOptions> = {}, rowOptions: BatchOptions = {}): RewardFunction {
  const { compat, ...strict } = accuracyOptionsSchema.parse(options);
  if (compat === "strict") return rewardFunction((row) => accuracyScore(row, strict), rowOptions);
  return async (batch) => {
    const rows = batchRows(batch, rowOptions);
    return vsr1AccuracyRewards(
      rows,
      rows.map(({ problemType }) => problemType),
      strict.dra,
    );
  };
}

/** The format reward as a batch function. */
export function formatReward(
  options: Partial<Pick<AccuracyOptions, "compat">> = {},
  rowOptions: BatchOptions = {},
): RewardFunction {
  return rewardFunction(
    (row) => (options.compat === "vsr1" ? scored(vsr1FormatReward(row.completion)) : formatScore(row)),
    rowOptions,
  );
}
