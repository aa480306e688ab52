import { GrpoDataError } from "../errors.js";
import type { Completion } from "./policy.js";

/** What every row of the training data has; all other columns are for the rewards. */
export interface GrpoExample<Prompt> {
  /** What the policy is asked; or a function that makes it whenever a rollout draws the row, where all at once are too large. */
  readonly prompt: Prompt | (() => Prompt | Promise<Prompt>);
}

/** The prompt of a row, made now where the row makes it. */
export const promptOf = async <Prompt>({ prompt }: GrpoExample<Prompt>): Promise<Prompt> =>
  typeof prompt === "function" ? await (prompt as () => Prompt | Promise<Prompt>)() : prompt;

/** A rollout as reward functions see it: one entry per completion, the completions of a prompt next to each other. */
export interface RewardBatch<Example> {
  /** The data row of each completion. */
  readonly examples: readonly Example[];
  /** The completions. */
  readonly completions: readonly Completion[];
  /** Index of the prompt of each completion inside this rollout. */
  readonly groups: readonly number[];
  /** Stops the work early. */
  readonly signal?: AbortSignal;
}

/** TRL's contract: one number per completion, or null where the function cannot judge. */
export type RewardFunction<Example> = (
  batch: RewardBatch<Example>,
) => Promise<readonly (number | null)[]> | readonly (number | null)[];

/** Reward functions by name, in the order they are reported. */
export type RewardFunctions<Example> = Readonly<Record<string, RewardFunction<Example>>>;

/**
 * Runs every reward function, at the same time, and checks what they answer.
 *
 * @throws GrpoDataError when a function throws, or answers anything but one finite number or null per completion
 */
export async function scoreRollout<Example>(
  rewards: RewardFunctions<Example>,
  batch: RewardBatch<Example>,
): Promise<Record<string, readonly (number | null)[]>> {
  const columns = await Promise.all(
    Object.entries(rewards).map(async ([name, reward]) => {
      const column = await answerOf(name, reward, batch);
      return [name, checkedColumn(name, column, batch.completions.length)] as const;
    }),
  );
  return Object.fromEntries(columns);
}

/** What a reward answers; an error names the reward and keeps the cause. An abort stays what it is. */
async function answerOf<Example>(
  name: string,
  reward: RewardFunction<Example>,
  batch: RewardBatch<Example>,
): Promise<unknown> {
  try {
    return await reward(batch);
  } catch (cause) {
    batch.signal?.throwIfAborted();
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new GrpoDataError(`reward "${name}" failed: ${said}; a row that it cannot judge should be null`, { cause });
  }
}

/** @throws GrpoDataError unless a reward answered `count` entries that are finite or null */
export function checkedColumn(name: string, column: unknown, count: number): readonly (number | null)[] {
  if (!Array.isArray(column))
    throw new GrpoDataError(
      `reward "${name}" gave ${column === null ? "null" : typeof column}, expected an array of ${count} numbers or nulls, one for each completion; does it return its result?`,
    );
  if (column.length !== count)
    throw new GrpoDataError(
      `reward "${name}" gave ${column.length} values for ${count} completions, expected one each`,
    );
  for (let row = 0; row < count; row++) {
    const value: unknown = column[row];
    if (value !== null && !Number.isFinite(value))
      throw new GrpoDataError(
        `reward "${name}" gave ${String(value)} for completion ${row}, expected a finite number or null (unscorable)`,
      );
  }
  return column as (number | null)[];
}
