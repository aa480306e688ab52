import type { AdvantageResult } from "../advantages/advantages.js";
import { rewardStatistics } from "../advantages/group-statistics.js";
import type { RunObservation } from "../diagnostics/collapse-monitor.js";
import { correlation, rewardVarianceShares, zeroVarianceCauses } from "../diagnostics/diagnostics.js";
import type { RewardSummary, RewardsEvent, RolloutEvent, UpdateEvent } from "./events.js";
import type { PreparedRollout } from "./rollout.js";

const lengthsOf = (rollout: PreparedRollout): number[] =>
  rollout.completions.map((completion) => completion.tokenIds.length);
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1);
const truncatedShare = (rollout: PreparedRollout): number =>
  mean(rollout.completions.map((completion) => (completion.finishReason === "length" ? 1 : 0)));

/** What was drawn. `lag` counts the rollouts that will be learned from before this one. */
export function rolloutEvent(rollout: PreparedRollout, step: number, lag: number): RolloutEvent {
  const lengths = lengthsOf(rollout);
  return {
    type: "rollout",
    step,
    rollout: rollout.index,
    prompts: rollout.exampleIndices.length,
    completions: lengths.length,
    lengths: {
      mean: mean(lengths),
      min: lengths.reduce((a, b) => Math.min(a, b)),
      max: lengths.reduce((a, b) => Math.max(a, b)),
    },
    truncated: truncatedShare(rollout),
    lag,
    seconds: rollout.seconds.generate,
  };
}

/** What it earned, and every completion with its share. */
export function rewardsEvent(
  rollout: PreparedRollout,
  result: AdvantageResult,
  step: number,
  weights: readonly number[],
): RewardsEvent {
  const columns = Object.entries(rollout.rewards);
  const shares = rewardVarianceShares(Object.values(rollout.rewards), weights);
  const generations = rollout.completions.length / rollout.exampleIndices.length;
  const scorable = (row: number): number | null =>
    Number.isNaN(result.rewards[row]) ? null : (result.rewards[row] as number);
  return {
    type: "rewards",
    step,
    rollout: rollout.index,
    components: Object.fromEntries(columns.map(([name, column]) => [name, summary(column)])),
    total: summary(rollout.completions.map((_, row) => scorable(row))),
    zeroVariance: zeroVarianceCauses(result.groups),
    varianceShares: Object.fromEntries(columns.map(([name], k) => [name, shares[k] as number])),
    rewardLengthCorrelation: correlation(result.rewards, lengthsOf(rollout)),
    samples: rollout.completions.map((completion, row) => ({
      step,
      rollout: rollout.index,
      example: rollout.exampleIndices[Math.floor(row / generations)] as number,
      generation: row % generations,
      completion: completion.text,
      tokens: completion.tokenIds.length,
      finishReason: completion.finishReason,
      rewards: Object.fromEntries(columns.map(([name, column]) => [name, column[row] ?? null])),
      total: scorable(row),
      advantage: result.advantages[row] as number,
    })),
    seconds: rollout.seconds.score,
  };
}

/** What the collapse monitor looks at. */
export function observationOf(rollout: PreparedRollout, result: AdvantageResult, update: UpdateEvent): RunObservation {
  const lengths = lengthsOf(rollout);
  return {
    step: update.step,
    reward: rewardStatistics(result.rewards.filter((reward) => !Number.isNaN(reward))).mean,
    zeroVariance: zeroVarianceCauses(result.groups).total,
    rewardLengthCorrelation: correlation(result.rewards, lengths),
    meanLength: mean(lengths),
    truncated: truncatedShare(rollout),
    kl: update.kl,
    entropyEstimate: update.entropyEstimate,
    effectiveSampleSize: update.metrics.effectiveSampleSize,
    clipFraction: update.clipFraction,
  };
}

function summary(column: readonly (number | null)[]): RewardSummary {
  const { count, mean: average, std } = rewardStatistics(column.filter((reward) => reward !== null));
  return { mean: count === 0 ? Number.NaN : average, std, unscorable: 1 - count / Math.max(column.length, 1) };
}
