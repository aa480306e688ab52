import type { SafetyLabel } from "@videosafety/safety-data";
import { AlarmShapeError, EmptyClassError, NonFiniteError, SafetyLabelError } from "../errors.js";
import { sigmoid } from "../loss/binary-cross-entropy.js";

/** Temperatures are looked for in this range. */
const RANGE = { lowest: 1e-2, highest: 1e2 } as const;

/**
 * Fits the temperature T so that sigmoid(logit / T) is calibrated: the least cross-entropy on held-out samples (Guo et
 * al. 2017). Targets are smoothed as Platt does, (n1 + 1) / (n1 + 2) and 1 / (n0 + 2), so that separable data do not
 * drive T to 0. The loss is convex in 1/T; its slope is bisected over T in [0.01, 100].
 *
 * @param labels 0, 1, or null (skipped)
 * @throws AlarmShapeError, NonFiniteError, SafetyLabelError, EmptyClassError when a class has no sample.
 */
export function fitTemperature(logits: ArrayLike<number>, labels: readonly (SafetyLabel | null)[]): number {
  if (logits.length !== labels.length) {
    throw new AlarmShapeError(
      `expected one label per logit, found ${labels.length} labels and ${logits.length} logits`,
    );
  }
  const harmful = labels.filter((label) => label === 1).length;
  const safe = labels.filter((label) => label === 0).length;
  if (harmful === 0 || safe === 0) {
    throw new EmptyClassError(
      `expected samples of both classes to fit a temperature, found ${safe} safe and ${harmful} harmful; add held-out samples of the other`,
    );
  }
  const targets = [1 / (safe + 2), (harmful + 1) / (harmful + 2)] as const;
  const pairs = labels.flatMap((label, i) => {
    const logit = logits[i] as number;
    if (!Number.isFinite(logit))
      throw new NonFiniteError(`expected finite logits, found ${logit} at ${i}; check the model`);
    if (label === null) return [];
    if (label !== 0 && label !== 1) {
      throw new SafetyLabelError(
        "label-invalid",
        `expected label ${i} to be 0, 1 or null, found ${String(label)}; see resolveLabels`,
      );
    }
    return [{ logit, target: targets[label] }];
  });
  /** Slope of the loss with respect to the inverse temperature; increasing. */
  const slope = (inverse: number): number =>
    pairs.reduce((sum, { logit, target }) => sum + logit * (sigmoid(inverse * logit) - target), 0);
  let low = Math.log(1 / RANGE.highest);
  let high = Math.log(1 / RANGE.lowest);
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (slope(Math.exp(middle)) < 0) low = middle;
    else high = middle;
  }
  return Math.exp(-(low + high) / 2);
}
