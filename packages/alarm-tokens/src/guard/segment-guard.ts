import { AlarmShapeError, CalibrationError, NonFiniteError } from "../errors.js";
import type { SampleLabels } from "../labels/label-policy.js";
import { segmentSpans } from "../loss/segment-alarms.js";
import type { SegmentLogits } from "../model/guard-model.js";
import { mergeSpans, type TimeSpan } from "../model/time-spans.js";
import { type ConformalTarget, type ConformalThreshold, conformalThreshold } from "./conformal-threshold.js";

/** What a threshold for segments is made of. */
export interface SegmentCalibration extends Partial<ConformalTarget> {
  /** [n], each sample's segment logits (`GuardStates.segments`); empty for samples without a video, which do not count. */
  readonly logits: readonly ArrayLike<number>[];
}

/**
 * A threshold for segments: conformal, from the highest segment of each safe video, since every segment is a chance for a
 * false alarm. At most `targetFrr` of safe videos then have any segment above it, as `conformalThreshold` promises. A guard
 * tells spans only of videos whose visual alarm is raised, so a rate far above the flag's is affordable, and finds more.
 *
 * @param target what `calibration` does not say
 * @throws AlarmShapeError unless there is an entry for each label; as `conformalThreshold`
 */
export function segmentThreshold(
  calibration: SegmentCalibration,
  labels: readonly SampleLabels[],
  target: ConformalTarget,
): ConformalThreshold {
  const { logits: segmentLogits, targetFrr = target.targetFrr, confidence = target.confidence } = calibration;
  if (segmentLogits.length !== labels.length) {
    throw new AlarmShapeError(
      `expected segment logits for ${labels.length} samples, found ${segmentLogits.length} entries`,
    );
  }
  const safe = segmentLogits.filter((logits, i) => labels[i]?.visual === 0 && logits.length > 0);
  return conformalThreshold(
    safe.map((logits) => Math.max(...Array.from(logits))),
    { targetFrr, confidence },
  );
}

/**
 * The spans of one video's segments above a threshold, neighbours joined.
 *
 * @throws CalibrationError `invalid-calibration` without a threshold; NonFiniteError for NaN; as `segmentSpans`
 */
export function raisedSpans(
  { spans, logits }: SegmentLogits,
  threshold: Pick<ConformalThreshold, "threshold"> | undefined,
): readonly TimeSpan[] {
  if (threshold === undefined) {
    throw new CalibrationError(
      "invalid-calibration",
      "expected a calibration with a threshold for segments, found none; pass segments to calibrateGuard",
    );
  }
  const wrong = Array.from(logits).find((logit) => !Number.isFinite(logit));
  if (wrong !== undefined) {
    throw new NonFiniteError(
      `expected finite segment logits, found ${wrong}; treat the input as unsafe and check the model`,
    );
  }
  return mergeSpans(segmentSpans(logits, spans, threshold.threshold));
}
