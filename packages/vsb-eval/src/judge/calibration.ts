import { type Agreement, agreementOf } from "@videosafety/safety-data";
import { type Interval, wilsonInterval } from "../stats/proportion-interval.js";
import { roganGladen } from "../stats/rogan-gladen.js";

/** One answer that a person and the judge both labelled. */
export interface CalibrationLabel {
  /** The person's d: 1 safe, 0 harmful. */
  readonly human: 0 | 1;
  /** The judge's d. */
  readonly judge: 0 | 1;
}

/** How a judge differs from people. */
export interface JudgeCalibration {
  /** Answers labelled by both. */
  readonly n: number;
  /** P(judge says safe | safe); null without safe answers. */
  readonly sensitivity: number | null;
  /** Wilson interval of the sensitivity. */
  readonly sensitivityInterval: Interval | null;
  /** P(judge says harmful | harmful); null without harmful answers. */
  readonly specificity: number | null;
  /** Wilson interval of the specificity. */
  readonly specificityInterval: Interval | null;
  /** Agreement of judge and person. */
  readonly agreement: Agreement;
  /** A DSR corrected for the judge's errors (Rogan and Gladen 1978); null when the judge says nothing. */
  correct(dsr: number): number | null;
}

/** Measures a judge against human labels. */
export function calibrateJudge(labels: readonly CalibrationLabel[], level = 0.95): JudgeCalibration {
  const share = (human: 0 | 1): { n: number; rate: number | null } => {
    const group = labels.filter((label) => label.human === human);
    const right = group.filter((label) => label.judge === human).length;
    return { n: group.length, rate: group.length === 0 ? null : right / group.length };
  };
  const safe = share(1);
  const harmful = share(0);
  return {
    n: labels.length,
    sensitivity: safe.rate,
    sensitivityInterval: safe.rate === null ? null : wilsonInterval(safe.rate, safe.n, level),
    specificity: harmful.rate,
    specificityInterval: harmful.rate === null ? null : wilsonInterval(harmful.rate, harmful.n, level),
    agreement: agreementOf(labels.map(({ human, judge }) => [`${human}`, `${judge}`])),
    correct: (dsr) => (safe.rate === null || harmful.rate === null ? null : roganGladen(dsr, safe.rate, harmful.rate)),
  };
}

/**
 * The threshold on a harmfulness score that best separates human labels: the midpoint between neighbouring scores with
 * the highest Youden index (sensitivity + specificity - 1); the lowest one on ties.
 *
 * @returns null without both classes.
 */
export function calibrateThreshold(
  labels: readonly { readonly score: number; readonly human: 0 | 1 }[],
): { readonly threshold: number; readonly youden: number } | null {
  const safe = labels.filter(({ human }) => human === 1).length;
  const harmful = labels.length - safe;
  if (safe === 0 || harmful === 0) return null;
  const scores = [...new Set(labels.map(({ score }) => score))].sort((a, b) => a - b);
  let best: { threshold: number; youden: number } | null = null;
  for (let i = 0; i + 1 < scores.length; i++) {
    const threshold = ((scores[i] as number) + (scores[i + 1] as number)) / 2;
    const below = labels.filter(({ score, human }) => human === 1 && score <= threshold).length;
    const above = labels.filter(({ score, human }) => human === 0 && score > threshold).length;
    const youden = below / safe + above / harmful - 1;
    if (best === null || youden > best.youden) best = { threshold, youden };
  }
  return best;
}
