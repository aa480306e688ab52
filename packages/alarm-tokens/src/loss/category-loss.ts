import { AlarmShapeError, NonFiniteError, SafetyLabelError } from "../errors.js";

/** A category head's loss with its derivative. */
export interface CategoryLossResult {
  /** Mean cross-entropy over labelled samples, nats; 0 when there are none. */
  readonly loss: number;
  /** [B, C] d loss / d logits, row-major. */
  readonly gradient: Float64Array;
  /** Number of labelled samples. */
  readonly count: number;
}

/**
 * Beyond the paper: a head Linear(d, C) on an alarm token that names the category of harm (C = 19 for the taxonomy
 * `VSE_ASSUMED_V1`, or 20 with "safe"). Softmax cross-entropy of logits [B, C] against category indices, in float64.
 *
 * @param categories [B] each in [0, C), or null where unknown @param normalizer default: the number of labelled samples
 * @throws AlarmShapeError, SafetyLabelError (an index outside [0, C)), NonFiniteError
 */
export function categoryLoss(
  logits: ArrayLike<number>,
  categories: readonly (number | null)[],
  categoryCount: number,
  normalizer?: number,
): CategoryLossResult {
  if (logits.length !== categories.length * categoryCount) {
    throw new AlarmShapeError(
      `expected logits [${categories.length}, ${categoryCount}], found ${logits.length} values`,
    );
  }
  const count = categories.filter((category) => category !== null).length;
  const denominator = normalizer ?? Math.max(count, 1);
  const gradient = new Float64Array(logits.length);
  let loss = 0;
  categories.forEach((category, i) => {
    if (category === null) return;
    if (!(Number.isInteger(category) && category >= 0 && category < categoryCount)) {
      throw new SafetyLabelError("label-invalid", `expected category ${i} in [0, ${categoryCount}), found ${category}`);
    }
    const row = Float64Array.from({ length: categoryCount }, (_, c) => logits[i * categoryCount + c] as number);
    const peak = Math.max(...row);
    if (!row.every(Number.isFinite))
      throw new NonFiniteError(`expected finite logits, found ${row.find((z) => !Number.isFinite(z))} in row ${i}`);
    const logSum = peak + Math.log(row.reduce((sum, z) => sum + Math.exp(z - peak), 0));
    loss += (logSum - (row[category] as number)) / denominator;
    row.forEach((z, c) => {
      gradient[i * categoryCount + c] = (Math.exp(z - logSum) - (c === category ? 1 : 0)) / denominator;
    });
  });
  return { loss, gradient, count };
}
