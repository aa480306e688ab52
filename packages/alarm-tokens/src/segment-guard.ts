import { type AtcHead, atcLogits } from "./atc-head.js";
import { type ConformalTarget, type ConformalThreshold, conformalThreshold } from "./conformal-threshold.js";
import { AlarmShapeError, CalibrationError, NonFiniteError } from "./errors.js";
import type { HiddenStateModel } from "./hidden-state-model.js";
import type { SampleLabels } from "./label-policy.js";
import { segmentSpans } from "./segment-alarms.js";
import { mergeSpans, type TimeSpan } from "./time-spans.js";
import type { AlarmStates } from "./trainable-model.js";

/** What the alarms after the segments of one video say. */
export interface SegmentLogits {
  /** One a segment. */
  readonly spans: readonly TimeSpan[];
  /** [segments], natural-log odds of harm. */
  readonly logits: ArrayLike<number>;
}

/** Alarm states of samples and, from models with segment alarms, what those say: one entry a sample. */
export interface GuardStates extends AlarmStates {
  /** Absent from models without segment alarms; an entry without segments is one without a video. */
  readonly segments?: readonly SegmentLogits[];
}

/** Options of `segmentGuardModel`. */
export interface SegmentGuardOptions<Sample> {
  /** The paper's two heads, and the one that `alarmSetHead` trained on the segment alarms (`atcHeadOf` reads them). */
  readonly heads: { readonly visual: AtcHead; readonly textual: AtcHead; readonly segments: AtcHead };
  /** Where a sample's alarms are (video-llm: `prompt.alarmPositions`, `prompt.alarms.segments`). */
  placesOf(sample: Sample): {
    readonly visual: number;
    readonly textual: number;
    readonly segments: readonly (TimeSpan & { readonly position: number })[];
  };
}

/** What `segmentGuardModel` gives. */
export interface SegmentGuardModel<Sample> {
  /** The two alarms and those after the segments, from one forward pass. */
  alarmStates(
    samples: readonly Sample[],
    options?: { signal?: AbortSignal },
  ): Promise<GuardStates & Required<Pick<GuardStates, "segments">>>;
}

/**
 * Beyond the paper: a guard's model that also says when. Reads the two alarms and the segment alarms of a prompt from one
 * forward pass, where `windows` run the video again piece by piece.
 *
 * @throws whatever the model throws, e.g. for positions outside a prompt.
 */
export function segmentGuardModel<Sample>(
  model: Pick<HiddenStateModel<Sample>, "layerCount" | "hiddenStates">,
  { heads, placesOf }: SegmentGuardOptions<Sample>,
): SegmentGuardModel<Sample> {
  return {
    async alarmStates(samples, { signal } = {}) {
      const places = samples.map(placesOf);
      const positions = places.map(({ visual, textual, segments }) => [
        visual,
        textual,
        ...segments.map(({ position }) => position),
      ]);
      const states = await model.hiddenStates(samples, { positions, ...(signal && { signal }) });
      const hidden = states.get(model.layerCount) as Float32Array;
      const rows = positions.reduce((sum, own) => sum + own.length, 0);
      const d = rows === 0 ? 0 : hidden.length / rows;
      const visualHidden = new Float32Array(samples.length * d);
      const textualHidden = new Float32Array(samples.length * d);
      let row = 0;
      const segments = places.map((place, i): SegmentLogits => {
        visualHidden.set(hidden.subarray(row * d, (row + 1) * d), i * d);
        textualHidden.set(hidden.subarray((row + 1) * d, (row + 2) * d), i * d);
        const first = row + 2;
        row = first + place.segments.length;
        const spans = place.segments.map(({ startSeconds, endSeconds }) => ({ startSeconds, endSeconds }));
        return { spans, logits: atcLogits(hidden.subarray(first * d, row * d), heads.segments) };
      });
      return {
        visualHidden,
        textualHidden,
        visualLogits: Float32Array.from(atcLogits(visualHidden, heads.visual)),
        textualLogits: Float32Array.from(atcLogits(textualHidden, heads.textual)),
        segments,
      };
    },
  };
}

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
