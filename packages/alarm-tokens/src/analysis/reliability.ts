import { AlarmShapeError, EmptyClassError, NonFiniteError, SafetyLabelError } from "../errors.js";
import { wilsonInterval } from "./wilson-interval.js";

/** Samples whose probability falls in [lower, upper). */
export interface ReliabilityBin {
  /** Lower edge. */
  readonly lower: number;
  /** Upper edge; the last bin includes it. */
  readonly upper: number;
  /** Samples in the bin. */
  readonly count: number;
  /** Mean probability said; null in an empty bin. */
  readonly said: number | null;
  /** Share that was harmful; null in an empty bin. */
  readonly found: number | null;
  /** Wilson 95 % interval of `found`. */
  readonly interval: readonly [lower: number, upper: number];
}

/** How far probabilities can be taken at their word. */
export interface Reliability {
  /** Bins of equal width. */
  readonly bins: readonly ReliabilityBin[];
  /** Expected calibration error: the mean of |said - found|, weighted by count. */
  readonly expectedCalibrationError: number;
  /** Mean squared error of the probabilities. */
  readonly brierScore: number;
}

/**
 * The reliability curve of probabilities [n] against labels [n].
 *
 * @throws AlarmShapeError, NonFiniteError (a probability outside [0, 1]), EmptyClassError (no samples), SafetyLabelError (a label not 0 or 1).
 */
export function reliability(probabilities: ArrayLike<number>, harmful: ArrayLike<number>, binCount = 10): Reliability {
  if (probabilities.length !== harmful.length) {
    throw new AlarmShapeError(
      `expected one label per probability, found ${harmful.length} labels and ${probabilities.length} probabilities`,
    );
  }
  if (probabilities.length === 0) throw new EmptyClassError("expected samples, found none; pass held-out ones");
  const sums = Array.from({ length: binCount }, () => ({ count: 0, said: 0, harmful: 0 }));
  let squares = 0;
  for (let i = 0; i < probabilities.length; i++) {
    const p = probabilities[i] as number;
    const label = harmful[i] as number;
    if (!(p >= 0 && p <= 1))
      throw new NonFiniteError(`expected probabilities in [0, 1], found ${p} at ${i}; pass sigmoid(logit)`);
    if (label !== 0 && label !== 1) {
      throw new SafetyLabelError(
        "label-invalid",
        `expected labels 0 and 1, found ${label} at ${i}; leave unknown ones out`,
      );
    }
    const bin = sums[Math.min(binCount - 1, Math.floor(p * binCount))] as (typeof sums)[number];
    bin.count += 1;
    bin.said += p;
    bin.harmful += label;
    squares += (p - label) ** 2;
  }
  const error = sums.reduce((sum, bin) => sum + Math.abs(bin.said - bin.harmful), 0);
  return {
    bins: sums.map((bin, i) => ({
      lower: i / binCount,
      upper: (i + 1) / binCount,
      count: bin.count,
      said: bin.count === 0 ? null : bin.said / bin.count,
      found: bin.count === 0 ? null : bin.harmful / bin.count,
      interval: wilsonInterval(bin.harmful, bin.count),
    })),
    expectedCalibrationError: error / probabilities.length,
    brierScore: squares / probabilities.length,
  };
}
