import type { SafetyLabel } from "@videosafety/safety-data";
import { AlarmShapeError, EmptyClassError, NonFiniteError, SafetyLabelError } from "../errors.js";

/** How much each class counts in the loss of one head. */
export interface ClassWeights {
  /** Weight of samples with label 0. */
  readonly safe: number;
  /** Weight of samples with label 1 (`pos_weight` of PyTorch when `safe` is 1). */
  readonly harmful: number;
}

/** Options of `binaryCrossEntropy`. */
export interface BinaryCrossEntropyOptions {
  /** Denominator; default: the number of labelled samples (at least 1). */
  readonly normalizer?: number;
  /** Default 1 and 1, as the authors. */
  readonly classWeights?: ClassWeights;
  /** gamma of the focal loss (1 - p_t)^gamma; default 0 = plain cross-entropy, as the authors. */
  readonly focalGamma?: number;
}

/** A head's loss with its derivative. */
export interface BinaryCrossEntropyResult {
  /** Mean over labelled samples, nats; 0 when there are none. */
  readonly loss: number;
  /** [B] d loss / d logit; 0 at unlabelled samples. */
  readonly gradient: Float64Array;
  /** Number of labelled samples. */
  readonly count: number;
}

/** log(1 + exp(x)) without overflow. */
export const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** 1 / (1 + exp(-x)) without overflow: the probability of harm that a logit stands for. */
export const sigmoid = (x: number): number => {
  const small = Math.exp(-Math.abs(x));
  return x >= 0 ? 1 / (1 + small) : small / (1 + small);
};

/**
 * Binary cross-entropy with logits [B] against labels [B], in float64. With sign s = 2y - 1 and u = s logit the loss of
 * a sample is w_y sigmoid(-u)^gamma softplus(-u).
 *
 * @param labels 0, 1, or null where the label is unknown (no loss, no gradient).
 * @throws AlarmShapeError, NonFiniteError (a logit), SafetyLabelError (a label).
 */
export function binaryCrossEntropy(
  logits: ArrayLike<number>,
  labels: readonly (SafetyLabel | null)[],
  options: BinaryCrossEntropyOptions = {},
): BinaryCrossEntropyResult {
  if (logits.length !== labels.length) {
    throw new AlarmShapeError(
      `expected one label per logit, found ${labels.length} labels and ${logits.length} logits`,
    );
  }
  const { classWeights = { safe: 1, harmful: 1 }, focalGamma = 0 } = options;
  const count = labels.reduce<number>((n, label) => n + (label === null ? 0 : 1), 0);
  const normalizer = options.normalizer ?? Math.max(count, 1);
  const gradient = new Float64Array(logits.length);
  let loss = 0;
  labels.forEach((label, i) => {
    if (label === null) return;
    if (label !== 0 && label !== 1) {
      throw new SafetyLabelError(
        "label-invalid",
        `expected label ${i} to be 0, 1 or null, found ${String(label)}; see resolveLabels`,
      );
    }
    const logit = logits[i] as number;
    if (!Number.isFinite(logit))
      throw new NonFiniteError(`expected finite logits, found ${logit} at ${i}; check the model`);
    const sign = label === 1 ? 1 : -1;
    const weight = (label === 1 ? classWeights.harmful : classWeights.safe) / normalizer;
    const wrong = sigmoid(-sign * logit);
    const entropy = softplus(-sign * logit);
    const focus = focalGamma === 0 ? 1 : wrong ** focalGamma;
    loss += weight * focus * entropy;
    gradient[i] = -sign * weight * focus * (wrong + focalGamma * (1 - wrong) * entropy);
  });
  return { loss, gradient, count };
}

/**
 * Weights that make both classes count alike: n / (2 n_c).
 *
 * @throws EmptyClassError when a class has no sample; SafetyLabelError for anything but 0, 1 and null.
 */
export function balancedClassWeights(labels: readonly (SafetyLabel | null)[]): ClassWeights {
  const wrong = labels.findIndex((label) => label !== 0 && label !== 1 && label !== null);
  if (wrong >= 0) {
    throw new SafetyLabelError(
      "label-invalid",
      `expected label ${wrong} to be 0, 1 or null, found ${String(labels[wrong])}; see resolveLabels`,
    );
  }
  const safe = labels.filter((label) => label === 0).length;
  const harmful = labels.filter((label) => label === 1).length;
  if (safe === 0 || harmful === 0) {
    throw new EmptyClassError(
      `expected samples of both classes to balance, found ${safe} safe and ${harmful} harmful; add data or give the weights`,
    );
  }
  const all = safe + harmful;
  return { safe: all / (2 * safe), harmful: all / (2 * harmful) };
}
