import type { RewardExample, RewardRow, RowReward } from "../scores/reward-row.js";
import { scoreRow } from "./score-row.js";

/**
 * Completions with their examples, row by row: what @videosafety/grpo hands to a reward function, and by shape TRL's
 * (completions plus the data set's columns).
 */
export interface RewardBatch<Example extends RewardExample = RewardExample> {
  /** The data row of each completion. */
  readonly examples: readonly Example[];
  /** The completions; `tokenIds` is read for its length only, by the length rewards. */
  readonly completions: readonly { readonly text: string; readonly tokenIds?: { readonly length: number } }[];
  /** Index of the prompt of each completion. */
  readonly groups?: readonly number[];
  /** Stops the work early: rows not yet judged then throw the signal's reason. */
  readonly signal?: AbortSignal;
}

/** TRL's contract: one number a completion, in order; null = unscorable. */
export type RewardFunction<Example extends RewardExample = RewardExample> = (
  batch: RewardBatch<Example>,
) => Promise<(number | null)[]>;

/** How the rows of a batch are read. */
export interface BatchOptions {
  /**
   * What the prompt already holds of every completion: "<think>" where the chat template opens the reasoning, as vLLM's and TRL's
   * templates of reasoning models do. It is put before each completion. Default "".
   */
  readonly completionPrefix?: string;
}

/** The rows of a batch. Throws a RangeError when the columns' lengths differ. */
export function batchRows(batch: RewardBatch, { completionPrefix = "" }: BatchOptions = {}): RewardRow[] {
  if (batch.examples.length !== batch.completions.length)
    throw new RangeError(
      `expected one example for each completion, found ${batch.examples.length} and ${batch.completions.length}`,
    );
  return batch.completions.map(({ text, tokenIds }, row) => {
    const { solution, problemType } = batch.examples[row] as RewardExample;
    return {
      completion: completionPrefix + text,
      solution,
      problemType,
      ...(tokenIds && { completionTokens: tokenIds.length }),
    };
  });
}

/** A batch function from a row function. A row that throws gives null; use `composeRewards` to see the reason. */
export function rewardFunction(rowReward: RowReward, rows: BatchOptions = {}): RewardFunction {
  return async (batch) => {
    const options = batch.signal ? { signal: batch.signal } : {};
    const scores = batchRows(batch, rows).map((row) => scoreRow(rowReward, row, options));
    return (await Promise.all(scores)).map(({ value }) => value);
  };
}
