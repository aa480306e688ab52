import type { SafetyLabel } from "@videosafety/safety-data";
import { checkReadings } from "../labels/check-readings.js";
import type { SampleLabels } from "../labels/label-policy.js";
import { sigmoid } from "../loss/binary-cross-entropy.js";

/** What one head says in one cell. */
export interface ActivationSummary {
  /** Mean probability of harm; null in an empty cell. */
  readonly mean: number | null;
  /** 5 %, 25 %, 50 %, 75 % and 95 % quantiles of the probability; empty in an empty cell. */
  readonly quantiles: readonly number[];
  /** Share of samples with a probability above 0.5; null in an empty cell. */
  readonly raised: number | null;
}

/** One of the four cells harmful / safe video x harmful / safe query. */
export interface ActivationCell {
  /** Label of the video. */
  readonly videoLabel: SafetyLabel;
  /** Label of the query. */
  readonly queryLabel: SafetyLabel;
  /** Samples in the cell. */
  readonly count: number;
  /** Of the visual alarm. */
  readonly visual: ActivationSummary;
  /** Of the textual alarm. */
  readonly textual: ActivationSummary;
}

const QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95] as const;

/**
 * How both alarms react in the four cells. A visual alarm that has learned its task reacts to the video alone: alike in
 * the two cells of a video label, whatever the query. Samples with an unknown label are left out.
 *
 * @throws AlarmShapeError, NonFiniteError, SafetyLabelError
 */
export function activationPatterns(
  visualLogits: ArrayLike<number>,
  textualLogits: ArrayLike<number>,
  labels: readonly SampleLabels[],
): ActivationCell[] {
  checkReadings(visualLogits, textualLogits, labels);
  const cells = [
    [1, 1],
    [1, 0],
    [0, 1],
    [0, 0],
  ] as const;
  return cells.map(([videoLabel, queryLabel]) => {
    const members = labels.flatMap(({ visual, textual }, i) =>
      visual === videoLabel && textual === queryLabel ? [i] : [],
    );
    return {
      videoLabel,
      queryLabel,
      count: members.length,
      visual: summarize(members.map((i) => visualLogits[i] as number)),
      textual: summarize(members.map((i) => textualLogits[i] as number)),
    };
  });
}

function summarize(logits: readonly number[]): ActivationSummary {
  const probabilities = logits.map(sigmoid).sort((a, b) => a - b);
  const count = probabilities.length;
  if (count === 0) return { mean: null, quantiles: [], raised: null };
  return {
    mean: probabilities.reduce((a, b) => a + b) / count,
    quantiles: QUANTILES.map((q) => quantile(probabilities, q)),
    raised: probabilities.filter((p) => p > 0.5).length / count,
  };
}

/** Linear interpolation between order statistics (NumPy's default). */
function quantile(sorted: readonly number[], q: number): number {
  const at = q * (sorted.length - 1);
  const low = sorted[Math.floor(at)] as number;
  return low + (at % 1) * ((sorted[Math.ceil(at)] as number) - low);
}
