import type { RewardRow, RowReward } from "../scores/reward-row.js";
import type { Score } from "../scores/score.js";
import { type BatchOptions, batchRows, type RewardFunction } from "./reward-batch.js";
import { scoreRow } from "./score-row.js";
import { weightedTotal } from "./weighted-total.js";

/** One reward of a composition. */
export interface RewardComponent {
  /** Judges one row. */
  readonly score: RowReward;
  /** Factor in the total; default 1. Negative for a penalty that counts upwards. */
  readonly weight?: number;
  /**
   * Time a row may take, in milliseconds; later it is unscorable. It can only end waiting (a judge, a database): code that
   * computes without a pause needs the server's worker threads.
   */
  readonly deadlineMilliseconds?: number;
}

/** What a composition says about one completion. */
export interface ComposedScore {
  /** Weighted sum of the components that could judge the row (TRL's rule); null when none could. */
  readonly total: number | null;
  /** Every component's own score, unweighted. */
  readonly components: Readonly<Record<string, Score>>;
}

/** Several rewards as one. */
export interface RewardComposition {
  /** Names of the components, in their order. */
  readonly names: readonly string[];
  /** The totals, as a batch function for a trainer. */
  readonly reward: RewardFunction;
  /** Totals with every component's value, terms and reason. */
  score(rows: readonly RewardRow[], options?: { readonly signal?: AbortSignal }): Promise<ComposedScore[]>;
}

/**
 * Adds rewards up. Components run at the same time and rows on their own: one that throws, answers NaN or runs out of time
 * makes its row unscorable for that component and touches nothing else.
 * @throws RangeError for no component or a weight that is not finite
 */
export function composeRewards(
  components: Readonly<Record<string, RewardComponent>>,
  rowOptions: BatchOptions = {},
): RewardComposition {
  const entries = Object.entries(components);
  if (entries.length === 0) throw new RangeError("expected at least one reward, found none");
  for (const [name, { weight }] of entries)
    if (weight !== undefined && !Number.isFinite(weight))
      throw new RangeError(`expected a finite weight for reward ${name}, found ${weight}`);

  const weights = entries.map(([, { weight = 1 }]) => weight);

  const score: RewardComposition["score"] = (rows, options = {}) =>
    Promise.all(
      rows.map(async (row) => {
        const scores = await Promise.all(
          entries.map(([, { score: reward, deadlineMilliseconds }]) =>
            scoreRow(reward, row, { ...options, ...(deadlineMilliseconds !== undefined && { deadlineMilliseconds }) }),
          ),
        );
        return {
          total: weightedTotal(
            scores.map(({ value }) => value),
            weights,
          ),
          components: Object.fromEntries(entries.map(([name], index) => [name, scores[index] as Score])),
        };
      }),
    );
  return {
    names: entries.map(([name]) => name),
    score,
    reward: async (batch) =>
      (await score(batchRows(batch, rowOptions), batch.signal ? { signal: batch.signal } : {})).map(
        ({ total }) => total,
      ),
  };
}
