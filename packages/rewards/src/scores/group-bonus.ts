/** Options of `lengthBonus`. */
export interface LengthBonusOptions {
  /** Least tokens, inclusive; default 320. */
  readonly minTokens?: number;
  /** Most tokens, inclusive; default 512. */
  readonly maxTokens?: number;
  /** What a right completion of that length gains; default 0.2. */
  readonly bonus?: number;
}

/**
 * The authors' optional length reward over one group: when more than one completion is right (accuracy above 0.1), each right
 * one of 320 to 512 tokens gains 0.2. Returns what to add to each row.
 * Source: grpo_trainer.py at 7589dea (`len_control`, off in the paper's recipe).
 */
export function lengthBonus(
  accuracies: readonly (number | null)[],
  completionTokens: readonly number[],
  { minTokens = 320, maxTokens = 512, bonus = 0.2 }: LengthBonusOptions = {},
): number[] {
  sameLength(accuracies.length, completionTokens.length);
  const right = accuracies.map((accuracy) => accuracy !== null && accuracy > 0.1);
  const several = right.filter(Boolean).length > 1;
  return completionTokens.map((tokens, i) =>
    several && right[i] === true && tokens >= minTokens && tokens <= maxTokens ? bonus : 0,
  );
}

/**
 * The authors' optional temporal reward over one group: when the mean accuracy on the frames in order is at least 0.8
 * of that on shuffled frames, each right completion (accuracy above 0.1) gains 0.3. Rows without an accuracy are left out of the
 * means. Returns what to add to each row.
 * Source: grpo_trainer.py at 7589dea (`temporal`, from Video-R1; off in the paper's recipe).
 */
export function temporalBonus(
  accuracies: readonly (number | null)[],
  shuffledAccuracies: readonly (number | null)[],
  { bonus = 0.3, threshold = 0.8 }: { readonly bonus?: number; readonly threshold?: number } = {},
): number[] {
  const ordered = mean(accuracies);
  const shuffled = mean(shuffledAccuracies);
  const usesTime = ordered !== null && shuffled !== null && ordered >= threshold * shuffled;
  return accuracies.map((accuracy) => (usesTime && accuracy !== null && accuracy > 0.1 ? bonus : 0));
}

function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

function sameLength(a: number, b: number): void {
  if (a !== b) throw new RangeError(`expected one length for each accuracy, found ${b} for ${a}`);
}
