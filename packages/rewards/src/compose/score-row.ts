import type { RewardRow, RowReward } from "../scores/reward-row.js";
import { type Score, unscorable } from "../scores/score.js";

/** Options of `scoreRow`. */
export interface ScoreRowOptions {
  /** Stops the work; its reason is then thrown. */
  readonly signal?: AbortSignal;
  /**
   * Time the reward may take, in milliseconds. It can only end waiting (a judge, a database): code that computes without a
   * pause needs the server's worker threads.
   */
  readonly deadlineMilliseconds?: number;
}

/** Judges one row. A reward that throws, answers NaN or runs out of time makes the row unscorable, with the reason. */
export async function scoreRow(rowReward: RowReward, row: RewardRow, options: ScoreRowOptions = {}): Promise<Score> {
  const { signal, deadlineMilliseconds } = options;
  signal?.throwIfAborted();
  if (deadlineMilliseconds === undefined) return judge(rowReward, row, signal, signal);
  const deadline = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Score>((resolve) => {
    timer = setTimeout(() => {
      resolve(unscorable(`the reward took more than ${deadlineMilliseconds} ms`));
      deadline.abort(new Error(`the deadline of ${deadlineMilliseconds} ms has passed`));
    }, deadlineMilliseconds);
  });
  const both = signal ? AbortSignal.any([signal, deadline.signal]) : deadline.signal;
  try {
    return await Promise.race([judge(rowReward, row, both, signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function judge(
  rowReward: RowReward,
  row: RewardRow,
  signal: AbortSignal | undefined,
  callerSignal: AbortSignal | undefined,
): Promise<Score> {
  try {
    const score = await rowReward(row, signal ? { signal } : {});
    if (score.value === null || Number.isFinite(score.value)) return score;
    return unscorable(`expected a finite reward or null, found ${score.value}`);
  } catch (error) {
    callerSignal?.throwIfAborted();
    return unscorable(`the reward threw: ${error instanceof Error ? error.message : String(error)}`);
  }
}
