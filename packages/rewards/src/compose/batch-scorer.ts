import type { ProblemType } from "@videosafety/safety-data";
import { accuracyOptionsSchema } from "../scores/accuracy/accuracy-options.js";
import { vsr1AccuracyRewards, vsr1FormatReward } from "../scores/accuracy/vsr1.js";
import type { RewardRow, RowReward } from "../scores/reward-row.js";
import { type Score, scored, unscorable } from "../scores/score.js";
import { type NamedRewardOptions, namedRewards } from "./named-rewards.js";
import type { RewardItem } from "./reward-item.js";
import { scoreRow } from "./score-row.js";

/** Rewards of a request that names none. */
export const DEFAULT_REWARDS = ["accuracy", "format"] as const;

/** What a worker thread, or the command line, is asked to judge. */
export interface ScoreJob {
  readonly items: readonly RewardItem[];
  readonly rewards: readonly string[];
  /** Which numbers. */
  readonly compat: "strict" | "vsr1";
  /** Problem type of the whole request's first item: with vsr1 it grades every item. */
  readonly firstProblemType: string;
  /** What the prompt already holds of every completion; see `BatchOptions`. Default "". */
  readonly completionPrefix?: string;
}

/** Judges jobs with the built-in rewards and those of a module. */
export interface BatchScorer {
  readonly names: readonly string[];
  /**
   * One list of scores per item. `onItem` hears the index of an item before its rewards start, so that a watcher on another
   * thread can tell which one hangs.
   */
  score(job: ScoreJob, onItem?: (index: number) => void): Promise<Score[][]>;
}

/** Options of `createBatchScorer`. */
export interface BatchScorerOptions extends NamedRewardOptions {
  /** Time an item's pausing reward may take, in milliseconds; default none. */
  readonly itemDeadlineMilliseconds?: number;
  /** Runs each score of the rewards beyond the built-in ones, to hear of what they leave behind. Default: just calls. */
  readonly guard?: (score: () => Promise<Score>) => Promise<Score>;
}

/** A scorer over the built-in rewards and the given ones. */
export function createBatchScorer(options: BatchScorerOptions = {}): BatchScorer {
  const { dra } = accuracyOptionsSchema.parse(options.accuracy ?? {});
  const strict = namedRewards(options);
  const vsr1 = (firstProblemType: string): Record<string, RowReward> => ({
    ...strict,
    accuracy: (row) => scored(vsr1AccuracyRewards([row], [firstProblemType], dra)[0] as number),
    format: ({ completion }) => scored(vsr1FormatReward(completion)),
  });
  const guard = options.guard ?? ((score) => score());
  const deadline =
    options.itemDeadlineMilliseconds === undefined ? {} : { deadlineMilliseconds: options.itemDeadlineMilliseconds };
  return {
    names: Object.keys(strict),
    score(job, onItem) {
      const rewards = job.compat === "vsr1" ? vsr1(job.firstProblemType) : strict;
      const chosen = job.rewards.map((name) => {
        const reward = Object.hasOwn(rewards, name) ? rewards[name] : undefined;
        const unknown = unscorable(`expected one of ${Object.keys(strict).join(", ")}, found reward ${name}`);
        return { reward: reward ?? (() => unknown), own: Object.hasOwn(options.rewards ?? {}, name) };
      });
      const late: Promise<void>[] = [];
      const rows = job.items.map((item, index) => {
        onItem?.(index);
        const row = rowOf(item, job.completionPrefix ?? "");
        const scores: Score[] = [];
        for (const [k, { reward, own }] of chosen.entries()) {
          // The built-in rewards answer at once; a promise for each of their scores would cost more than some of them.
          if (!own) scores[k] = scoreNow(reward, row);
          else
            late.push(
              guard(() => scoreRow(reward, row, deadline)).then((score) => {
                scores[k] = score;
              }),
            );
        }
        return scores;
      });
      return Promise.all(late).then(() => rows);
    },
  };
}

/** A score of a reward that does not pause. */
function scoreNow(reward: RowReward, row: RewardRow): Score {
  try {
    const score = reward(row, {});
    if (score instanceof Promise) return unscorable("expected a score at once, found a promise");
    if (score.value === null || Number.isFinite(score.value)) return score;
    return unscorable(`expected a finite reward or null, found ${score.value}`);
  } catch (error) {
    return unscorable(`the reward threw: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function rowOf(item: RewardItem, completionPrefix: string): RewardRow {
  return {
    completion: completionPrefix + item.completion,
    solution: item.solution,
    problemType: item.problem_type as ProblemType,
    ...(item.prompt !== undefined && { prompt: item.prompt }),
    ...(item.completion_length !== undefined && { completionTokens: item.completion_length }),
  };
}
