import { deriveSeed } from "@videosafety/random";
import type { SafetyLabel } from "@videosafety/safety-data";
import { AlarmShapeError, EmptyClassError, NonFiniteError } from "../errors.js";
import { type AtcHead, atcLogits } from "../loss/atc-head.js";
import { binaryCrossEntropy } from "../loss/binary-cross-entropy.js";
import { aucInterval } from "./auc-interval.js";
import { auc } from "./roc.js";

/** How well one layer's hidden states tell harm from safety. */
export interface LayerProbe {
  /** Index into the given layers. */
  readonly layer: number;
  /** Cross-validated area under the ROC curve. */
  readonly auc: number;
  /** 95 % interval of it (`aucInterval`): the draw of the samples, not the fit of the probe. */
  readonly interval: readonly [lower: number, upper: number];
}

/**
 * Fits a ridge-penalised logistic regression on hidden states [n, d]: a linear probe. Columns are standardised inside;
 * the returned head works on the states as given.
 *
 * @param ridge weight of |w|^2 / 2 against the mean cross-entropy; default 0.01.
 * @throws AlarmShapeError, NonFiniteError, SafetyLabelError, EmptyClassError when a class has no sample.
 */
export function fitLinearProbe(hidden: ArrayLike<number>, labels: readonly SafetyLabel[], ridge = 0.01): AtcHead {
  const rows = labels.length;
  const width = hidden.length / rows;
  if (!(Number.isInteger(width) && width > 0)) {
    throw new AlarmShapeError(
      `expected hidden states [${rows}, d], found ${hidden.length} values; pass one row a label`,
    );
  }
  if (new Set(labels).size < 2)
    throw new EmptyClassError(
      "expected samples of both classes to fit a probe, found one class; add samples or use fewer folds",
    );
  for (let k = 0; k < hidden.length; k++) {
    if (Number.isFinite(hidden[k])) continue;
    throw new NonFiniteError(
      `expected finite hidden states, found ${hidden[k]} in row ${Math.floor(k / width)}; check the model`,
    );
  }
  const { mean, scale, x } = standardize(hidden, rows, width);
  // Gradient descent with Nesterov's momentum; 1/4 of the largest eigenvalue of X^T X / n bounds the curvature.
  const step = 1 / (0.25 * (largestEigenvalue(x, rows, width) + 1) + ridge);
  let weight = new Float64Array(width + 1);
  let look = weight;
  for (let iteration = 0; iteration < 300; iteration++) {
    const slope = probeGradient(x, labels, look, ridge);
    const next = look.map((value, j) => value - step * (slope[j] as number));
    const momentum = iteration / (iteration + 3);
    look = next.map((value, j) => value + momentum * (value - (weight[j] as number)));
    weight = next;
  }
  const raw = Float64Array.from(scale, (s, j) => (weight[j] as number) / s);
  const shift = raw.reduce((sum, w, j) => sum + w * (mean[j] as number), 0);
  return { weight: raw, bias: (weight[width] as number) - shift };
}

/**
 * Cross-validated linear probes of the hidden states of one token at every layer: where in the network harm becomes
 * linearly readable.
 *
 * @param layers each [n, d] @param folds default 5
 * @throws AlarmShapeError, NonFiniteError, SafetyLabelError, EmptyClassError when a training fold lacks a class.
 */
export function layerProbes(
  layers: readonly ArrayLike<number>[],
  labels: readonly SafetyLabel[],
  folds = 5,
): LayerProbe[] {
  if (!(Number.isInteger(folds) && folds >= 2)) {
    throw new AlarmShapeError(`expected a whole number of folds, at least 2, found ${folds}`);
  }
  layers.forEach((hidden, layer) => {
    if (hidden.length > 0 && hidden.length % labels.length === 0) return;
    throw new AlarmShapeError(
      `expected hidden states [${labels.length}, d] in layer ${layer}, found ${hidden.length} values; pass one row a label`,
    );
  });
  // Folds by rank of a hash within each class: stratified, and independent of the order of the samples.
  const fold = new Int32Array(labels.length);
  for (const label of [0, 1] as const) {
    const members = labels.flatMap((value, i) => (value === label ? [i] : []));
    members
      .sort((a, b) => deriveSeed(1, a) - deriveSeed(1, b))
      .forEach((index, rank) => {
        fold[index] = rank % folds;
      });
  }
  const harmful = labels.filter((label) => label === 1).length;
  return layers.map((hidden, layer) => {
    const width = hidden.length / labels.length;
    const scores = new Float64Array(labels.length);
    for (let f = 0; f < folds; f++) {
      const rowsOf = (inFold: boolean): number[] => labels.flatMap((_, i) => ((fold[i] === f) === inFold ? [i] : []));
      const pick = (rows: readonly number[]): Float64Array =>
        Float64Array.from(
          { length: rows.length * width },
          (_, k) => hidden[(rows[Math.floor(k / width)] as number) * width + (k % width)] as number,
        );
      const train = rowsOf(false);
      const probe = fitLinearProbe(
        pick(train),
        train.map((i) => labels[i] as SafetyLabel),
      );
      const held = rowsOf(true);
      atcLogits(pick(held), probe).forEach((logit, k) => {
        scores[held[k] as number] = logit;
      });
    }
    const area = auc(scores, labels);
    return { layer, auc: area, interval: aucInterval(area, harmful, labels.length - harmful) };
  });
}

function standardize(hidden: ArrayLike<number>, rows: number, width: number) {
  const mean = new Float64Array(width);
  const scale = new Float64Array(width);
  for (let k = 0; k < hidden.length; k++) mean[k % width] = (mean[k % width] as number) + (hidden[k] as number) / rows;
  for (let k = 0; k < hidden.length; k++) {
    scale[k % width] = (scale[k % width] as number) + ((hidden[k] as number) - (mean[k % width] as number)) ** 2 / rows;
  }
  for (let j = 0; j < width; j++) scale[j] = Math.sqrt(scale[j] as number) || 1;
  const x = Float64Array.from(
    { length: hidden.length },
    (_, k) => ((hidden[k] as number) - (mean[k % width] as number)) / (scale[k % width] as number),
  );
  return { mean, scale, x };
}

function probeGradient(
  x: Float64Array,
  labels: readonly SafetyLabel[],
  weight: Float64Array,
  ridge: number,
): Float64Array {
  const width = weight.length - 1;
  const logits = atcLogits(x, { weight: weight.subarray(0, width), bias: weight[width] as number });
  const { gradient } = binaryCrossEntropy(logits, labels);
  const result = weight.map((value, j) => (j < width ? ridge * value : 0));
  for (let i = 0; i < labels.length; i++) {
    const g = gradient[i] as number;
    for (let j = 0; j < width; j++) result[j] = (result[j] as number) + g * (x[i * width + j] as number);
    result[width] = (result[width] as number) + g;
  }
  return result;
}

/** Power iteration on X^T X / n. */
function largestEigenvalue(x: Float64Array, rows: number, width: number): number {
  let vector: Float64Array = Float64Array.from({ length: width }, (_, j) => 1 + (deriveSeed(2, j) % 1000) / 1000);
  let value = 0;
  for (let iteration = 0; iteration < 30; iteration++) {
    const next = new Float64Array(width);
    for (let i = 0; i < rows; i++) {
      let product = 0;
      for (let j = 0; j < width; j++) product += (x[i * width + j] as number) * (vector[j] as number);
      for (let j = 0; j < width; j++) next[j] = (next[j] as number) + (product * (x[i * width + j] as number)) / rows;
    }
    value = Math.sqrt(next.reduce((sum, v) => sum + v * v, 0));
    if (value === 0) return 0;
    vector = next.map((v) => v / value);
  }
  return value;
}
