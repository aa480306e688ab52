import type { SafetyLabel } from "@videosafety/safety-data";
import { AlarmShapeError, NonFiniteError } from "../errors.js";
import { mergeSpans, type TimeSpan } from "../model/time-spans.js";
import { type BinaryCrossEntropyOptions, binaryCrossEntropy, sigmoid } from "./binary-cross-entropy.js";

/**
 * Learns segment alarms from labels of whole videos (multiple-instance learning): a video is harmful when some segment
 * is, so its logit is the soft maximum tau log(mean(exp(z / tau))) of its segments', and the loss is the usual one.
 *
 * @param segmentLogits per video, one logit a segment @param labels per video @param options `temperature` tau, default 1
 * @returns the loss and its derivative with respect to every segment logit
 */
export function segmentLoss(
  segmentLogits: readonly ArrayLike<number>[],
  labels: readonly (SafetyLabel | null)[],
  options: BinaryCrossEntropyOptions & { readonly temperature?: number } = {},
): { loss: number; gradients: Float64Array[] } {
  const { temperature = 1, ...rest } = options;
  const pooled = segmentLogits.map((logits) => softMaximum(logits, temperature));
  const { loss, gradient } = binaryCrossEntropy(
    pooled.map(({ value }) => value),
    labels,
    rest,
  );
  return { loss, gradients: pooled.map(({ shares }, i) => shares.map((share) => share * (gradient[i] as number))) };
}

/**
 * The time spans whose segment is above a threshold (in logits); neighbours are joined.
 *
 * @throws AlarmShapeError; NonFiniteError for NaN, which is never "below the threshold".
 */
export function segmentSpans(
  segmentLogits: ArrayLike<number>,
  segments: readonly TimeSpan[],
  threshold: number,
): readonly (TimeSpan & { readonly probability: number })[] {
  if (segmentLogits.length !== segments.length) {
    throw new AlarmShapeError(`expected one segment per logit, found ${segments.length} and ${segmentLogits.length}`);
  }
  for (let i = 0; i < segmentLogits.length; i++) {
    if (Number.isFinite(segmentLogits[i])) continue;
    throw new NonFiniteError(
      `expected finite segment logits, found ${segmentLogits[i]} at ${i}; treat the segment as unsafe and check the model`,
    );
  }
  const raised = segments.map((span, i) => ({ ...span, logit: segmentLogits[i] as number }));
  return mergeSpans(raised.filter(({ logit }) => logit > threshold)).map((span) => {
    const inside = raised.filter(
      ({ startSeconds, endSeconds }) => startSeconds >= span.startSeconds && endSeconds <= span.endSeconds,
    );
    return { ...span, probability: sigmoid(Math.max(...inside.map(({ logit }) => logit))) };
  });
}

function softMaximum(logits: ArrayLike<number>, temperature: number): { value: number; shares: Float64Array } {
  if (logits.length === 0) throw new AlarmShapeError("expected at least one segment per video, found none");
  const peak = Math.max(...Array.from(logits));
  const powers = Float64Array.from(logits, (logit) => Math.exp((logit - peak) / temperature));
  const sum = powers.reduce((a, b) => a + b, 0);
  return {
    value: peak + temperature * Math.log(sum / logits.length),
    shares: powers.map((power) => power / sum),
  };
}
