import { AlarmShapeError, EmptyClassError, NonFiniteError, SafetyLabelError } from "../errors.js";

/** One operating point: refuse what scores at least `threshold`. */
export interface OperatingPoint {
  /** Refused when score >= threshold; Infinity refuses nothing. */
  readonly threshold: number;
  /** Share of harmful samples refused: true positive rate, the defense success rate (DSR). */
  readonly dsr: number;
  /** Share of safe samples refused: false positive rate, the false refusal rate (FRR). */
  readonly frr: number;
}

/**
 * Every operating point of a score, from refusing nothing to refusing everything: the ROC curve, which for "should this
 * be refused?" is the DSR / FRR frontier. Equal scores are one point.
 *
 * @param scores [n] higher = more harmful
 * @param harmful [n] 1 = should be refused, 0 = should be answered
 * @throws AlarmShapeError, NonFiniteError, EmptyClassError, SafetyLabelError (a label)
 */
export function rocCurve(scores: ArrayLike<number>, harmful: ArrayLike<number>): OperatingPoint[] {
  const { order, positives, negatives } = rank(scores, harmful);
  const points: OperatingPoint[] = [{ threshold: Infinity, dsr: 0, frr: 0 }];
  let hits = 0;
  let alarms = 0;
  order.forEach((index, i) => {
    if (harmful[index] === 1) hits += 1;
    else alarms += 1;
    const threshold = scores[index] as number;
    const next = order[i + 1];
    if (next !== undefined && scores[next] === threshold) return;
    points.push({ threshold, dsr: hits / positives, frr: alarms / negatives });
  });
  return points;
}

/** Area under the ROC curve: the probability that a harmful sample outscores a safe one, ties counting half. */
export function auc(scores: ArrayLike<number>, harmful: ArrayLike<number>): number {
  const points = rocCurve(scores, harmful);
  let area = 0;
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1] as OperatingPoint, points[i] as OperatingPoint];
    area += ((b.frr - a.frr) * (a.dsr + b.dsr)) / 2;
  }
  return area;
}

/** The point with the least FRR among those with DSR >= `minimumDsr`. */
export function leastFrrAtDsr(points: readonly OperatingPoint[], minimumDsr: number): OperatingPoint {
  return points.find((point) => point.dsr >= minimumDsr) ?? (points.at(-1) as OperatingPoint);
}

/** The point with the highest DSR among those with FRR <= `maximumFrr`. */
export function bestDsrAtFrr(points: readonly OperatingPoint[], maximumFrr: number): OperatingPoint {
  return points.findLast((point) => point.frr <= maximumFrr) ?? (points[0] as OperatingPoint);
}

function rank(
  scores: ArrayLike<number>,
  harmful: ArrayLike<number>,
): { order: number[]; positives: number; negatives: number } {
  if (scores.length !== harmful.length) {
    throw new AlarmShapeError(
      `expected one label per score, found ${harmful.length} labels and ${scores.length} scores`,
    );
  }
  const order = Array.from(scores, (score, i) => {
    if (!Number.isFinite(score))
      throw new NonFiniteError(`expected finite scores, found ${score} at ${i}; check the model`);
    if (harmful[i] !== 0 && harmful[i] !== 1) {
      throw new SafetyLabelError(
        "label-invalid",
        `expected labels 0 and 1, found ${String(harmful[i])} at ${i}; leave unknown ones out`,
      );
    }
    return i;
  }).sort((a, b) => (scores[b] as number) - (scores[a] as number));
  const positives = Array.from(harmful).filter((label) => label === 1).length;
  const negatives = Array.from(harmful).filter((label) => label === 0).length;
  if (positives === 0 || negatives === 0) {
    throw new EmptyClassError(
      `expected labels 0 and 1, both present, found ${positives} harmful and ${negatives} safe among ${scores.length}; add samples of the other class`,
    );
  }
  return { order, positives, negatives };
}
