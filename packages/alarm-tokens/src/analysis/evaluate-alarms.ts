import { EmptyClassError } from "../errors.js";
import { checkReadings } from "../labels/check-readings.js";
import type { SampleLabels } from "../labels/label-policy.js";
import type { RecordLocation } from "../labels/record-location.js";
import { binaryCrossEntropy, sigmoid } from "../loss/binary-cross-entropy.js";
import type { GuardModel } from "../model/guard-model.js";
import { auc, leastFrrAtDsr, rocCurve } from "./roc.js";

/** Which harmful label asks for a refusal, and which probability is held against the threshold. */
export type RefuseOn = "textual" | "either" | "both";

/** How well one head separates its classes. Null where the evaluation data lacks a class (or any label). */
export interface HeadMetrics {
  /** Labelled samples. */
  readonly count: number;
  /** Mean binary cross-entropy, nats. */
  readonly loss: number;
  /** Share classified rightly at probability 0.5. */
  readonly accuracy: number | null;
  /** Area under the ROC curve. */
  readonly auc: number | null;
}

/** What an evaluation during training reports. */
export interface AlarmMetrics {
  /** Of p(harm | video). */
  readonly visual: HeadMetrics;
  /** Of p(harm | query). */
  readonly textual: HeadMetrics;
  /** Least false refusal rate with a defense success rate of at least `dsr`; null without both classes. */
  readonly frrAtDsr: { readonly dsr: number; readonly frr: number; readonly threshold: number } | null;
}

/** The score held against the refusal threshold: p_t, max(p_v, p_t) or min(p_v, p_t). */
export function refusalScore(visual: number, textual: number, refuseOn: RefuseOn): number {
  if (refuseOn === "textual") return textual;
  return refuseOn === "either" ? Math.max(visual, textual) : Math.min(visual, textual);
}

/** Whether a sample should be refused; null when a label that decides it is unknown. */
export function shouldRefuse(labels: SampleLabels, refuseOn: RefuseOn): boolean | null {
  const { visual, textual } = labels;
  if (refuseOn === "textual") return textual === null ? null : textual === 1;
  const decisive = refuseOn === "either" ? 1 : 0;
  if (visual === decisive || textual === decisive) return decisive === 1;
  return visual === null || textual === null ? null : decisive === 0;
}

/**
 * Runs the heads over samples in batches and scores them.
 *
 * @throws whatever the model throws; NonFiniteError when it returns NaN, AlarmShapeError when it returns too few logits,
 *   SafetyLabelError for labels that are not 0, 1 or null: naming the record.
 */
export async function evaluateAlarms<Sample>(
  model: GuardModel<Sample>,
  samples: readonly Sample[],
  labelsOf: (sample: Sample) => SampleLabels,
  options: {
    /** Samples per forward pass; default 8. */
    readonly batchSize?: number;
    /** Default "textual". */
    readonly refuseOn?: RefuseOn;
    /** Default 0.95. */
    readonly dsr?: number;
    readonly signal?: AbortSignal | undefined;
    /** Where a sample's record is: errors name it. */
    readonly locationOf?: (sample: Sample) => RecordLocation | undefined;
  } = {},
): Promise<AlarmMetrics> {
  const { batchSize = 8, refuseOn = "textual", dsr = 0.95, signal } = options;
  const visual: number[] = [];
  const textual: number[] = [];
  for (let start = 0; start < samples.length; start += batchSize) {
    signal?.throwIfAborted();
    const states = await model.alarmStates(samples.slice(start, start + batchSize), signal ? { signal } : {});
    visual.push(...states.visualLogits);
    textual.push(...states.textualLogits);
  }
  const labels = samples.map(labelsOf);
  checkReadings(visual, textual, labels, options.locationOf && samples.map(options.locationOf));
  return alarmMetrics(visual, textual, labels, { refuseOn, dsr });
}

/** The metrics of given logits [n] against given labels [n]. @throws AlarmShapeError, NonFiniteError, SafetyLabelError */
export function alarmMetrics(
  visualLogits: readonly number[],
  textualLogits: readonly number[],
  labels: readonly SampleLabels[],
  options: { readonly refuseOn: RefuseOn; readonly dsr: number },
): AlarmMetrics {
  checkReadings(visualLogits, textualLogits, labels);
  const scores: number[] = [];
  const refusals: number[] = [];
  labels.forEach((label, i) => {
    const refuse = shouldRefuse(label, options.refuseOn);
    if (refuse === null) return;
    // Probabilities would tie at 1 where logits still differ; sigmoid is monotonic, so logits rank alike.
    scores.push(refusalScore(visualLogits[i] as number, textualLogits[i] as number, options.refuseOn));
    refusals.push(refuse ? 1 : 0);
  });
  const point = unlessOneClass(() => leastFrrAtDsr(rocCurve(scores, refusals), options.dsr));
  return {
    visual: headMetrics(
      visualLogits,
      labels.map((label) => label.visual),
    ),
    textual: headMetrics(
      textualLogits,
      labels.map((label) => label.textual),
    ),
    frrAtDsr: point && { dsr: point.dsr, frr: point.frr, threshold: sigmoid(point.threshold) },
  };
}

function headMetrics(logits: readonly number[], labels: readonly SampleLabels["visual"][]): HeadMetrics {
  const { loss, count } = binaryCrossEntropy(logits, labels);
  const known = labels.flatMap((label, i) => (label === null ? [] : [{ label, logit: logits[i] as number }]));
  const right = known.filter(({ label, logit }) => (logit > 0 ? 1 : 0) === label).length;
  return {
    count,
    loss,
    accuracy: count === 0 ? null : right / count,
    auc: unlessOneClass(() =>
      auc(
        known.map(({ logit }) => logit),
        known.map(({ label }) => label),
      ),
    ),
  };
}

function unlessOneClass<T>(compute: () => T): T | null {
  try {
    return compute();
  } catch (error) {
    if (error instanceof EmptyClassError) return null;
    throw error;
  }
}
