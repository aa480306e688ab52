import { type AdvantageConfig, type AdvantageOptions, advantageConfigSchema } from "../config/advantage-config.js";
import { parseConfig } from "../config/parse-config.js";
import { GrpoDataError } from "../errors.js";

import { type RewardStatistics, rewardStatistics } from "./group-statistics.js";
import { type RewardColumn, weightedRewards } from "./weighted-rewards.js";

/** Rewards of a batch and how its rows are grouped. */
export interface AdvantageInput {
  /** One column per reward function, one entry per completion; null = the function cannot judge that row. */
  readonly rewards: readonly RewardColumn[];
  /** Weight of each function; default 1 each. */
  readonly rewardWeights?: readonly number[] | undefined;
  /** Group of each row (any integers, any order, ragged), or G when rows come as P groups of G. */
  readonly groups: ArrayLike<number> | number;
  /** Tokens of each completion; needed by opo and reinforce_plus_plus*. */
  readonly lengths?: ArrayLike<number> | undefined;
  /** Reward of the greedy completion of each row's prompt; needed by remax. */
  readonly greedyRewards?: ArrayLike<number> | undefined;
}

/** One group of a batch. */
export interface GroupReport extends RewardStatistics {
  /** Its id as given. */
  readonly group: number;
  /** Its rows, in batch order. */
  readonly rows: readonly number[];
  /** No learning signal: fewer than two scorable rows, or all of them equal. */
  readonly zeroVariance: boolean;
}

/** Advantages with what they were made of. */
export interface AdvantageResult {
  /** One per row; exactly 0 for unscorable rows and zero-variance groups. */
  readonly advantages: Float64Array;
  /** Weighted reward of each row; NaN = unscorable. */
  readonly rewards: Float64Array;
  /** 1 = the row belongs to a group without reward variance. */
  readonly zeroVariance: Uint8Array;
  /** Groups in the order of their first row. */
  readonly groups: readonly GroupReport[];
}

/**
 * Advantages of a batch, float64, independent of row order to the last bit. Unscorable rows are left out of every baseline
 * and get 0; equal rewards give exactly 0.
 *
 * @throws GrpoConfigError on unknown options; GrpoDataError on lengths that disagree or rewards that are not finite
 */
export function computeAdvantages(input: AdvantageInput, options: AdvantageOptions = {}): AdvantageResult {
  const config = parseConfig(advantageConfigSchema, options, "the advantage options");
  const rewards = weightedRewards(input.rewards, input.rewardWeights);
  const groups = groupRows(input.groups, rewards);
  const advantages = new Float64Array(rewards.length);
  if (config.multiObjectiveAggregation === "normalize_then_sum") gdpoInto(advantages, input, groups, rewards, config);
  else estimateInto(advantages, input, groups, rewards, config);
  const zeroVariance = new Uint8Array(rewards.length);
  for (const group of groups) if (group.zeroVariance) for (const row of group.rows) zeroVariance[row] = 1;
  return { advantages, rewards, zeroVariance, groups };
}

const scorable = (rewards: Float64Array, rows: readonly number[]): number[] =>
  rows.filter((row) => !Number.isNaN(rewards[row] as number));
const pick = (values: ArrayLike<number>, rows: readonly number[]): number[] => rows.map((row) => values[row] as number);

function groupRows(groups: ArrayLike<number> | number, rewards: Float64Array): GroupReport[] {
  const size = typeof groups === "number" ? groups : undefined;
  if (size !== undefined && (!Number.isInteger(size) || size < 1 || rewards.length % size !== 0))
    throw new GrpoDataError(`${rewards.length} rewards cannot be cut into groups of ${size}; pass a group id per row`);
  if (typeof groups !== "number" && groups.length !== rewards.length)
    throw new GrpoDataError(`there are ${groups.length} group ids for ${rewards.length} rewards, expected one per row`);
  const rowsOf = new Map<number, number[]>();
  for (let row = 0; row < rewards.length; row++) {
    const id = typeof groups === "number" ? Math.floor(row / groups) : (groups[row] as number);
    const rows = rowsOf.get(id);
    if (rows) rows.push(row);
    else rowsOf.set(id, [row]);
  }
  return [...rowsOf].map(([group, rows]) => {
    const statistics = rewardStatistics(pick(rewards, scorable(rewards, rows)));
    const zeroVariance = statistics.count < 2 || statistics.min === statistics.max;
    return { group, rows, ...statistics, zeroVariance };
  });
}

function need(values: ArrayLike<number> | undefined, name: string, rows: number, why: string): ArrayLike<number> {
  if (!values) throw new GrpoDataError(`${why} needs ${name}: pass one number per completion`);
  if (values.length !== rows) throw new GrpoDataError(`${name} has ${values.length} entries, expected ${rows}`);
  return values;
}

function estimateInto(
  out: Float64Array,
  input: AdvantageInput,
  groups: readonly GroupReport[],
  rewards: Float64Array,
  config: AdvantageConfig,
): void {
  const all = rewards.filter((reward) => !Number.isNaN(reward));
  const estimator = config.advantageEstimator;
  if (estimator === "remax") {
    const greedy = need(input.greedyRewards, "greedyRewards", rewards.length, estimator);
    for (let row = 0; row < out.length; row++) {
      const reward = rewards[row] as number;
      if (!Number.isNaN(reward)) out[row] = reward - (greedy[row] as number);
    }
    return;
  }
  if (estimator === "reinforce_plus_plus" || estimator === "reinforce_plus_plus_baseline") {
    const lengths = need(input.lengths, "lengths", rewards.length, estimator);
    whitenInto(out, groups, rewards, lengths, estimator === "reinforce_plus_plus_baseline");
    return;
  }
  const batchStd = config.scaleRewards === "batch" ? rewardStatistics(all).std : 0;
  const nonZero = all.reduce((count, reward) => (reward !== 0 ? count + 1 : count), 0);
  const gpgScale = all.length / Math.max(nonZero, 1);
  for (const group of groups) {
    const rows = scorable(rewards, group.rows);
    if (rows.length === 1 && config.singletonAdvantage === "reward" && estimator !== "pass_at_k") {
      // verl takes mean 0 and std 1 where there is nothing to compare with.
      const row = rows[0] as number;
      const scaled = estimator === "grpo" && config.scaleRewards !== "none";
      out[row] =
        ((rewards[row] as number) * (estimator === "gpg" ? gpgScale : 1)) / (scaled ? 1 + config.scaleEpsilon : 1);
    }
    if (group.zeroVariance) continue;
    const std = config.scaleRewards === "group" ? group.std : batchStd;
    const divisor = config.scaleRewards === "none" ? 1 : std + config.scaleEpsilon;
    if (estimator === "pass_at_k") {
      // Only the best row learns, by its margin over the second best.
      const sorted = [...rows].sort((a, b) => (rewards[b] as number) - (rewards[a] as number));
      const [best, second] = sorted as [number, number];
      out[best] = ((rewards[best] as number) - (rewards[second] as number)) / divisor;
      continue;
    }
    const baseline = estimator === "opo" ? lengthWeightedMean(input, rewards, rows) : group.mean;
    const numerator = estimator === "rloo" ? rows.length / (rows.length - 1) : estimator === "gpg" ? gpgScale : 1;
    const denominator = estimator === "grpo" ? divisor : 1;
    for (const row of rows) out[row] = (((rewards[row] as number) - baseline) * numerator) / denominator;
  }
}

/** OPO's variance-optimal baseline: sum(length R) / sum(length). */
function lengthWeightedMean(input: AdvantageInput, rewards: Float64Array, rows: readonly number[]): number {
  const lengths = need(input.lengths, "lengths", rewards.length, "opo");
  const byReward = [...rows].sort(
    (a, b) => (rewards[a] as number) - (rewards[b] as number) || (lengths[a] as number) - (lengths[b] as number),
  );
  let weighted = 0;
  let total = 0;
  for (const row of byReward) {
    weighted += (lengths[row] as number) * (rewards[row] as number);
    total += lengths[row] as number;
  }
  return weighted / total;
}

/** REINFORCE++: whitening over all tokens, each carrying its row's (baselined) reward; variance with n - 1 and + 1e-8. */
function whitenInto(
  out: Float64Array,
  groups: readonly GroupReport[],
  rewards: Float64Array,
  lengths: ArrayLike<number>,
  baseline: boolean,
): void {
  const rows: number[] = [];
  for (const group of groups) {
    for (const row of scorable(rewards, group.rows)) {
      // verl keeps the reward itself where there is no group to compare with.
      out[row] = (rewards[row] as number) - (baseline && group.count > 1 ? group.mean : 0);
      rows.push(row);
    }
  }
  rows.sort((a, b) => (out[a] as number) - (out[b] as number) || (lengths[a] as number) - (lengths[b] as number));
  let tokens = 0;
  let sum = 0;
  for (const row of rows) {
    tokens += lengths[row] as number;
    sum += (lengths[row] as number) * (out[row] as number);
  }
  if (tokens < 2) {
    for (const row of rows) out[row] = 0;
    return;
  }
  const mean = sum / tokens;
  let squares = 0;
  for (const row of rows) squares += (lengths[row] as number) * ((out[row] as number) - mean) ** 2;
  const scale = 1 / Math.sqrt(squares / (tokens - 1) + 1e-8);
  const first = out[rows[0] as number];
  const equal = rows.every((row) => out[row] === first);
  for (const row of rows) out[row] = equal ? 0 : ((out[row] as number) - mean) * scale;
}

/** GDPO: z-score of each reward in its group, weighted sum, z-score over the batch. */
function gdpoInto(
  out: Float64Array,
  input: AdvantageInput,
  groups: readonly GroupReport[],
  rewards: Float64Array,
  config: AdvantageConfig,
): void {
  const sums = new Float64Array(out.length);
  input.rewards.forEach((column, index) => {
    const weight = input.rewardWeights?.[index] ?? 1;
    for (const group of groups) {
      const rows = group.rows.filter((row) => column[row] !== null && column[row] !== undefined);
      const statistics = rewardStatistics(rows.map((row) => column[row] as number));
      if (statistics.count < 2 || statistics.std === 0) continue;
      for (const row of rows) {
        const score = ((column[row] as number) - statistics.mean) / (statistics.std + config.scaleEpsilon);
        sums[row] = (sums[row] as number) + weight * score;
      }
    }
  });
  const rows = scorable(rewards, [...rewards.keys()]);
  const statistics = rewardStatistics(pick(sums, rows));
  if (statistics.count < 2 || statistics.std === 0) return;
  for (const row of rows) out[row] = ((sums[row] as number) - statistics.mean) / (statistics.std + config.scaleEpsilon);
}
