import { GrpoDataError } from "../errors.js";

/** Moments of one set of rewards. */
export interface RewardStatistics {
  /** Scorable rewards. */
  readonly count: number;
  /** Arithmetic mean; 0 when there are none. */
  readonly mean: number;
  /** Unbiased standard deviation (ddof 1); 0 below two values, and exactly 0 when all are equal. */
  readonly std: number;
  /** Smallest reward; NaN when there are none. */
  readonly min: number;
  /** Largest reward; NaN when there are none. */
  readonly max: number;
}

/**
 * Statistics that do not depend on the order of the values, to the last bit: they are summed in ascending order. Equal
 * values give their exact mean and a std of exactly 0, which float32 sums do not (six rewards of 1.3 give 1.3e-7).
 */
export function rewardStatistics(rewards: Iterable<number>): RewardStatistics {
  const sorted = Float64Array.from(rewards).sort();
  const count = sorted.length;
  if (count === 0) return { count, mean: 0, std: 0, min: Number.NaN, max: Number.NaN };
  const min = sorted[0] as number;
  const max = sorted[count - 1] as number;
  if (min === max) return { count, mean: min, std: 0, min, max };
  let sum = 0;
  for (const value of sorted) sum += value;
  const mean = sum / count;
  let squares = 0;
  for (const value of sorted) squares += (value - mean) * (value - mean);
  return { count, mean, std: Math.sqrt(squares / (count - 1)), min, max };
}

/**
 * Groups whose completions arrive late, in any order and number, as asynchronous rollouts do. `statistics` is a pure
 * function of the set of rewards seen, so replicas that saw them in another order agree bit by bit.
 */
export class GroupAccumulator {
  private readonly rewards = new Map<string | number, Map<string | number, number>>();

  /**
   * Records the reward of one completion; null marks it unscorable, and it then stays out of the baseline.
   *
   * @throws GrpoDataError on a non-finite reward or a completion seen before
   */
  add(group: string | number, completion: string | number, reward: number | null): void {
    if (reward !== null && !Number.isFinite(reward))
      throw new GrpoDataError(`the reward of completion ${completion} is ${reward}, expected a finite number or null`);
    const rows = this.rewards.get(group) ?? new Map<string | number, number>();
    if (rows.has(completion)) throw new GrpoDataError(`completion ${completion} of group ${group} was added twice`);
    rows.set(completion, reward ?? Number.NaN);
    this.rewards.set(group, rows);
  }

  /** Completions of a group so far, unscorable ones included. */
  size(group: string | number): number {
    return this.rewards.get(group)?.size ?? 0;
  }

  /** Statistics of a group so far. */
  statistics(group: string | number): RewardStatistics {
    const rows = this.rewards.get(group);
    return rewardStatistics(rows ? [...rows.values()].filter((reward) => !Number.isNaN(reward)) : []);
  }

  /** Groups in the order of their first completion. */
  groups(): (string | number)[] {
    return [...this.rewards.keys()];
  }
}
