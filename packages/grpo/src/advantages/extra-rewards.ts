import { GrpoDataError } from "../errors.js";

/** Settings of `temporalRewards`. */
export interface TemporalRewardOptions {
  /** Bonus of an answer that counts as right; default 0.3. */
  readonly bonus?: number;
  /** The ordered group must do at least this share of the shuffled one; default 0.8. */
  readonly margin?: number;
  /** An accuracy above this counts as right; default 0.1. */
  readonly threshold?: number;
}

/**
 * T-GRPO's temporal reward for one group (Video-R1, arXiv 2503.21776): when answers to the frames in order are on average
 * at least `margin` times as accurate as answers to the shuffled frames, every right answer of the ordered group gets a
 * bonus. Source: tulerfeng/Video-R1, grpo_trainer.py; VideoSafety-R1's code offers it, off by default.
 *
 * @param ordered accuracy of each completion on the frames in order; null = unscorable
 * @param shuffled the same on shuffled frames
 * @returns the bonus of each ordered completion, 0 or `bonus`
 */
export function temporalRewards(
  ordered: readonly (number | null)[],
  shuffled: readonly (number | null)[],
  options: TemporalRewardOptions = {},
): number[] {
  const { bonus = 0.3, margin = 0.8, threshold = 0.1 } = options;
  const mean = (values: readonly (number | null)[]) => {
    const known = values.filter((value) => value !== null);
    if (known.some((value) => !Number.isFinite(value)))
      throw new GrpoDataError("an accuracy is not finite: pass finite numbers, or null for unscorable");
    return known.reduce((sum, value) => sum + value, 0) / Math.max(known.length, 1);
  };
  const helps = mean(ordered) >= margin * mean(shuffled);
  return ordered.map((accuracy) => (helps && accuracy !== null && accuracy > threshold ? bonus : 0));
}

/** Settings of `lengthRewards`. */
export interface LengthRewardOptions {
  /** Bonus inside the range; default 0.2. */
  readonly bonus?: number;
  /** Shortest length that earns it, in tokens; default 320. */
  readonly minimum?: number;
  /** Longest, inclusive; default 512. */
  readonly maximum?: number;
  /** An accuracy above this counts as right; default 0.1. */
  readonly threshold?: number;
}

/**
 * Video-R1's length reward for one group: right answers between `minimum` and `maximum` tokens get a bonus, provided that
 * at least two answers of the group are right. Source as for `temporalRewards`.
 *
 * @param accuracies accuracy of each completion of the group; null = unscorable
 * @param lengths its length in tokens
 */
export function lengthRewards(
  accuracies: readonly (number | null)[],
  lengths: ArrayLike<number>,
  options: LengthRewardOptions = {},
): number[] {
  const { bonus = 0.2, minimum = 320, maximum = 512, threshold = 0.1 } = options;
  if (accuracies.length !== lengths.length)
    throw new GrpoDataError(`there are ${accuracies.length} accuracies but ${lengths.length} lengths`);
  const right = accuracies.map((accuracy) => accuracy !== null && accuracy > threshold);
  if (right.filter(Boolean).length < 2) return accuracies.map(() => 0);
  return right.map((isRight, row) => {
    const length = lengths[row] as number;
    return isRight && length >= minimum && length <= maximum ? bonus : 0;
  });
}
