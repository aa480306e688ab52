import { type AccuracyOptions, accuracyOptionsSchema } from "../scores/accuracy/accuracy-options.js";
import { accuracyScore } from "../scores/accuracy/accuracy-score.js";
import { formatScore } from "../scores/format-score.js";
import { languageConsistency } from "../scores/language-consistency.js";
import { type OverlongOptions, overlongPenalty } from "../scores/overlong-penalty.js";
import type { RowReward } from "../scores/reward-row.js";
import { safeCompletionReward } from "../scores/safe-completion/safe-completion-reward.js";
import { repetitionPenalty, thinkLeakagePenalty } from "../scores/text-penalties.js";

/** Options of `namedRewards`. */
export interface NamedRewardOptions {
  /** Options of the accuracy reward, but for `compat`. */
  readonly accuracy?: Partial<Omit<AccuracyOptions, "compat">>;
  /** Limits of the reward `overlong`, which is there only with them. */
  readonly overlong?: OverlongOptions | null;
  /** Options of the reward `safe-completion`. */
  readonly safeCompletion?: Parameters<typeof safeCompletionReward>[0];
  /** More rewards by name. A name of a built-in one replaces it. */
  readonly rewards?: Readonly<Record<string, RowReward>>;
}

/** Every reward that can be asked for by name, built-in ones and the given ones. */
export function namedRewards(options: NamedRewardOptions = {}): Record<string, RowReward> {
  const { compat: _, ...accuracy } = accuracyOptionsSchema.parse(options.accuracy ?? {});
  return {
    accuracy: (row) => accuracyScore(row, accuracy),
    format: formatScore,
    repetition: repetitionPenalty(),
    "think-leakage": thinkLeakagePenalty(),
    "language-consistency": languageConsistency(),
    "safe-completion": safeCompletionReward(options.safeCompletion),
    ...(options.overlong && { overlong: overlongPenalty(options.overlong) }),
    ...options.rewards,
  };
}
