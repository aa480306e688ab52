import { once } from "node:events";
import { parseJsonl } from "@videosafety/safety-data";
import { readJsonl } from "@videosafety/safety-data/node";
import * as z from "zod";
import { createBatchScorer } from "../compose/batch-scorer.js";
import { type RewardItem, rewardItemSchema } from "../compose/reward-item.js";
import { weightedTotal } from "../compose/weighted-total.js";
import type { Score } from "../scores/score.js";

/** How a stream is judged. */
export interface ScoreStreamOptions {
  readonly rewards: readonly string[];
  /** Which numbers; with vsr1 the first row's problem type grades every row. */
  readonly compat: "strict" | "vsr1";
  /** Tokens of ROUGE. */
  readonly tokenizer: "rouge" | "unicode";
  /** What the prompts already hold of every completion. Default "". */
  readonly completionPrefix?: string;
  /** Whether to write every term behind a reward. */
  readonly details: boolean;
  /** Whether to pass over bad lines; else the first one throws a RecordError. */
  readonly skip: boolean;
  /** Takes a line; false asks to wait for the standard output to drain. */
  readonly write: (line: string) => boolean;
}

/** What was judged. */
export interface ScoreStreamSummary {
  readonly rows: number;
  /** Bad lines passed over. */
  readonly skipped: number;
  /** Mean of every reward over the rows it could judge; null when it judged none. */
  readonly means: Readonly<Record<string, number | null>>;
}

const BATCH = 256;

/**
 * Judges JSON Lines in constant memory: a file, or the standard input for null. Writes each row's id and scores, in order.
 * @throws RangeError for an unknown reward; RecordError for a bad line unless they are skipped
 */
export async function scoreStream(file: string | null, options: ScoreStreamOptions): Promise<ScoreStreamSummary> {
  const scorer = createBatchScorer({ accuracy: { tokenizer: options.tokenizer } });
  const unknown = options.rewards.find((name) => !scorer.names.includes(name));
  if (unknown !== undefined)
    throw new RangeError(`expected one of ${scorer.names.join(", ")}, found reward ${unknown}`);
  // Rows may carry further columns, which trainers' logs have.
  const settings = { schema: z.looseObject(rewardItemSchema.shape), onError: options.skip ? "skip" : "throw" } as const;
  const stream = file === null ? parseJsonl(process.stdin, settings) : readJsonl(file, settings);
  const sums = options.rewards.map(() => ({ sum: 0, count: 0 }));
  let firstProblemType: string | null = null;
  let rows = 0;
  let batch: RewardItem[] = [];

  const flush = async (): Promise<void> => {
    const job = {
      items: batch,
      rewards: options.rewards,
      compat: options.compat,
      firstProblemType: firstProblemType ?? "",
      completionPrefix: options.completionPrefix ?? "",
    };
    const judged = await scorer.score(job);
    for (const [i, scores] of judged.entries()) {
      scores.forEach(({ value }, k) => {
        const entry = sums[k];
        if (!entry || value === null) return;
        entry.sum += value;
        entry.count++;
      });
      const line = formatRow(batch[i]?.id ?? rows, options, scores);
      if (!options.write(`${JSON.stringify(line)}\n`)) await once(process.stdout, "drain");
      rows++;
    }
    batch = [];
  };
  for await (const row of stream) {
    firstProblemType ??= row.problem_type;
    batch.push(row as RewardItem);
    if (batch.length === BATCH) await flush();
  }
  await flush();
  const means = Object.fromEntries(
    options.rewards.map((name, k) => {
      const { sum = 0, count = 0 } = sums[k] ?? {};
      return [name, count === 0 ? null : sum / count];
    }),
  );
  return { rows, skipped: stream.skipped, means };
}

function formatRow(id: string | number, { rewards, details }: ScoreStreamOptions, scores: readonly Score[]): object {
  const reasons = Object.fromEntries(
    scores.flatMap(({ reason }, k) => (reason === null ? [] : [[rewards[k] as string, reason]])),
  );
  return {
    id,
    rewards: Object.fromEntries(rewards.map((name, k) => [name, scores[k]?.value ?? null])),
    total: weightedTotal(scores.map(({ value }) => value)),
    ...(Object.keys(reasons).length > 0 && { reasons }),
    ...(details && { details: Object.fromEntries(rewards.map((name, k) => [name, scores[k]?.parts ?? {}])) }),
  };
}
