import { CalibrationError, NonFiniteError } from "../errors.js";

/** Which promise a threshold makes about the false refusal rate (FRR) on new safe inputs. */
export interface ConformalTarget {
  /** The rate that must not be exceeded, alpha in (0, 1). */
  readonly targetFrr: number;
  /**
   * null: the mean promise, E[FRR] <= alpha over draws of the calibration set. A confidence 1 - delta in (0, 1): the FRR
   * of this very threshold is <= alpha with probability at least 1 - delta over draws of the calibration set.
   */
  readonly confidence: number | null;
}

/** A threshold with what it promises. */
export interface ConformalThreshold extends ConformalTarget {
  /** Refuse when score > threshold. */
  readonly threshold: number;
  /** Number of safe scores it was computed from. */
  readonly count: number;
  /** It is the rank-th smallest of them. */
  readonly rank: number;
  /** (n + 1 - rank) / (n + 1): the mean FRR on new safe inputs if scores have no ties, an upper bound of it otherwise. */
  readonly expectedFrr: number;
}

/**
 * Chooses a refusal threshold from scores of safe calibration samples (split conformal prediction; Vovk 2012 for the
 * version with a confidence).
 *
 * Finite-sample guarantee, for any model and any distribution of scores, ties included, as long as new safe inputs are
 * exchangeable with the calibration samples (the same kind of traffic): without confidence rank = ceil((n + 1)(1 - alpha))
 * and P(score > threshold) <= alpha for a new safe input; with confidence 1 - delta the rank is the least with
 * P(Binomial(n, alpha) <= n - rank) <= delta. It does not hold for traffic of another kind, and says nothing about DSR.
 *
 * @throws CalibrationError `too-few-samples` (the message says how many are needed), `invalid-target`; NonFiniteError.
 */
export function conformalThreshold(safeScores: ArrayLike<number>, target: ConformalTarget): ConformalThreshold {
  const { targetFrr, confidence } = target;
  checkTarget(target);
  const count = safeScores.length;
  const needed = minimumCalibrationSize(target);
  if (count < needed) {
    throw new CalibrationError(
      "too-few-samples",
      `expected at least ${needed} safe samples for a false refusal rate of ${targetFrr}${confidence === null ? "" : ` with confidence ${confidence}`}, found ${count}; collect more or ask for less`,
    );
  }
  const sorted = Float64Array.from(safeScores, (score, i) => {
    if (!Number.isFinite(score)) throw new NonFiniteError(`expected finite scores, found ${score} at ${i}`);
    return score;
  }).sort();
  const rank =
    confidence === null
      ? Math.ceil((count + 1) * (1 - targetFrr) - 1e-9)
      : confidentRank(count, targetFrr, 1 - confidence);
  return {
    targetFrr,
    confidence,
    threshold: sorted[rank - 1] as number,
    count,
    rank,
    expectedFrr: (count + 1 - rank) / (count + 1),
  };
}

/** The least number of safe calibration samples with which a target can be promised. @throws CalibrationError `invalid-target` */
export function minimumCalibrationSize(target: ConformalTarget): number {
  checkTarget(target);
  const { targetFrr, confidence } = target;
  if (confidence === null) return Math.ceil(1 / targetFrr - 1 - 1e-9);
  return Math.ceil(Math.log(1 - confidence) / Math.log1p(-targetFrr) - 1e-9);
}

/** Least rank with P(Binomial(n, alpha) <= n - rank) <= delta; exists when (1 - alpha)^n <= delta. */
function confidentRank(n: number, alpha: number, delta: number): number {
  let logTerm = n * Math.log1p(-alpha); // log P(Binomial = 0)
  let cumulative = 0;
  for (let refused = 0; refused <= n; refused++) {
    cumulative += Math.exp(logTerm);
    if (cumulative > delta * (1 + 1e-8)) return n - refused + 1;
    logTerm += Math.log((n - refused) / (refused + 1)) + Math.log(alpha) - Math.log1p(-alpha);
  }
  return 1;
}

function checkTarget({ targetFrr, confidence }: ConformalTarget): void {
  const inside = (value: number): boolean => value > 0 && value < 1;
  if (inside(targetFrr) && (confidence === null || inside(confidence))) return;
  throw new CalibrationError(
    "invalid-target",
    `expected a target rate and a confidence (or null) in (0, 1), found ${targetFrr} and ${confidence}; 0.02 and 0.95 are usual`,
  );
}
