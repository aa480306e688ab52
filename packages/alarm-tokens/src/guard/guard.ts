import { refusalScore } from "../analysis/evaluate-alarms.js";
import { AlarmShapeError, NonFiniteError } from "../errors.js";
import { sigmoid } from "../loss/binary-cross-entropy.js";
import type { GuardModel, SegmentLogits } from "../model/guard-model.js";
import { mergeSpans, type TimeSpan } from "../model/time-spans.js";
import { type GuardCalibration, parseGuardCalibration } from "./guard-calibration.js";
import { raisedSpans } from "./segment-guard.js";

/** What happens to an input that raises the alarm. */
export type GuardMode = "refuse" | "warn" | "route";

/** A piece of a video as an input of its own. */
export interface GuardWindow<Input> extends TimeSpan {
  /** What the model sees of this piece. */
  readonly input: Input;
}

/** Options of `createGuard`. */
export interface GuardOptions<Input, Sample> {
  /** Turns an input (a video and a query, say) into the model's sample. Default: the input is the sample. */
  readonly prepare?: (input: Input) => Sample | Promise<Sample>;
  /** Default "refuse". */
  readonly mode?: GuardMode;
  /**
   * Cuts an input's video into windows. Given it, an input with a visual alarm is looked at again window by window to say
   * when the harm is seen; inputs without one cost nothing more. Not used with a model that tells segments.
   */
  readonly windows?: (input: Input) => readonly GuardWindow<Input>[] | Promise<readonly GuardWindow<Input>[]>;
}

/** Milliseconds spent. */
export interface GuardLatency {
  /** All of `assess`. */
  readonly totalMs: number;
  /** Inside `prepare`, `windows` and the model. */
  readonly modelMs: number;
  /** The guard's own part: the difference. */
  readonly guardMs: number;
}

/** What a guard says of one input. */
export interface Assessment {
  /** `allow`, or the guard's mode. */
  readonly verdict: "allow" | GuardMode;
  /** What the verdict compares with `calibration.refusal.threshold`: raised above it. Give it to a drift monitor. */
  readonly score: number;
  /** Calibrated p(harm | video). */
  readonly visual: number;
  /** Calibrated p(harm | query, video). */
  readonly textual: number;
  /** Which head is above its own threshold. */
  readonly flags: { readonly visual: boolean; readonly textual: boolean };
  /** When the harm is seen; empty without a visual alarm, and without `windows` or a model that tells segments. */
  readonly spans: readonly TimeSpan[];
  /** Where the time went. */
  readonly latency: GuardLatency;
}

/** A piece of a stream with what the guard says of it. */
export interface WindowAssessment extends TimeSpan {
  /** Of this window alone. */
  readonly assessment: Assessment;
  /** Harmful time spans of the stream so far, merged. */
  readonly spans: readonly TimeSpan[];
}

/** Assesses inputs before, or beside, answering them. */
export interface Guard<Input> {
  /** The calibration in use. */
  readonly calibration: GuardCalibration;
  /**
   * Assesses one input with one forward pass.
   *
   * @throws NonFiniteError when the model returns NaN (treat as a refusal), and whatever the model throws.
   */
  assess(input: Input, options?: { signal?: AbortSignal }): Promise<Assessment>;
  /**
   * Assesses windows of a stream as they come (see `slidingWindows`). Every window is a new chance for a false alarm:
   * `calibrateStreamGuard` makes a calibration whose promise counts videos, not windows.
   */
  watch(
    windows: AsyncIterable<GuardWindow<Input>> | Iterable<GuardWindow<Input>>,
    options?: { signal?: AbortSignal },
  ): AsyncGenerator<WindowAssessment, void, void>;
}

/** A guard on the model's own samples. */
export function createGuard<Sample>(
  model: GuardModel<Sample>,
  calibration: GuardCalibration,
  options?: Omit<GuardOptions<Sample, Sample>, "prepare">,
): Guard<Sample>;
/** A guard on inputs that `prepare` turns into samples. */
export function createGuard<Input, Sample>(
  model: GuardModel<Sample>,
  calibration: GuardCalibration,
  options: GuardOptions<Input, Sample> & { prepare: (input: Input) => Sample | Promise<Sample> },
): Guard<Input>;
/**
 * Makes a guard of a model with trained heads and a calibration. Probabilities come from temperature-scaled heads, the
 * verdict from the conformal threshold: the false refusal rate that the calibration promises is that of the verdict.
 *
 * @throws CalibrationError when the calibration is not one; `assess` too, when the model tells segments and the calibration
 *   has no threshold for them.
 */
export function createGuard<Input, Sample>(
  model: GuardModel<Sample>,
  calibration: GuardCalibration,
  options: GuardOptions<Input, Sample> = {},
): Guard<Input> {
  const checked = parseGuardCalibration(calibration);
  const { mode = "refuse", windows } = options;
  const prepare = options.prepare ?? ((input: Input) => input as unknown as Sample);

  const scaledLogits = async (inputs: readonly Input[], signal: AbortSignal | undefined): Promise<ScaledLogits[]> => {
    if (inputs.length === 0) return [];
    const samples = await Promise.all(inputs.map((input) => prepare(input)));
    const states = await model.alarmStates(samples, signal ? { signal } : {});
    return inputs.map((_, i) => ({
      ...scaledAt(states, i, checked.temperatures),
      ...(states.segments && { segments: states.segments[i] as SegmentLogits }),
    }));
  };

  const assess = async (input: Input, { signal }: { signal?: AbortSignal } = {}): Promise<Assessment> => {
    const started = performance.now();
    let modelMs = 0;
    const timed = async <T>(work: () => Promise<T> | T): Promise<T> => {
      signal?.throwIfAborted();
      const before = performance.now();
      const result = await work();
      modelMs += performance.now() - before;
      return result;
    };
    const [logits] = (await timed(() => scaledLogits([input], signal))) as [ScaledLogits];
    const flags = {
      visual: logits.visual > checked.visual.threshold,
      textual: logits.textual > checked.textual.threshold,
    };
    const score = refusalScore(logits.visual, logits.textual, checked.refuseOn);
    const refused = score > checked.refusal.threshold;
    let spans: readonly TimeSpan[] = [];
    if (logits.segments !== undefined) {
      const raised = raisedSpans(logits.segments, checked.segments);
      if (flags.visual) spans = raised;
    } else if (flags.visual && windows !== undefined) {
      const pieces = await timed(() => windows(input));
      const seen = await timed(() =>
        scaledLogits(
          pieces.map((piece) => piece.input),
          signal,
        ),
      );
      spans = mergeSpans(pieces.filter((_, i) => (seen[i] as ScaledLogits).visual > checked.visual.threshold));
    }
    const totalMs = performance.now() - started;
    return {
      verdict: refused ? mode : "allow",
      score,
      visual: sigmoid(logits.visual),
      textual: sigmoid(logits.textual),
      flags,
      spans,
      latency: { totalMs, modelMs, guardMs: totalMs - modelMs },
    };
  };

  return {
    calibration: checked,
    assess,
    async *watch(stream, watchOptions = {}) {
      let spans: readonly TimeSpan[] = [];
      for await (const { startSeconds, endSeconds, input } of stream) {
        const assessment = await assess(input, watchOptions);
        if (assessment.flags.visual) spans = mergeSpans([...spans, { startSeconds, endSeconds }]);
        yield { startSeconds, endSeconds, assessment, spans };
      }
    },
  };
}

interface ScaledLogits {
  readonly visual: number;
  readonly textual: number;
  readonly segments?: SegmentLogits;
}

function scaledAt(
  states: { readonly visualLogits: ArrayLike<number>; readonly textualLogits: ArrayLike<number> },
  index: number,
  temperatures: GuardCalibration["temperatures"],
): ScaledLogits {
  const read = (logits: ArrayLike<number>, modality: "visual" | "textual"): number => {
    const logit = logits[index];
    if (logit === undefined) throw new AlarmShapeError(`expected a ${modality} logit for input ${index}, found none`);
    if (!Number.isFinite(logit)) {
      throw new NonFiniteError(
        `expected a finite ${modality} logit, found ${logit}; treat the input as unsafe and check the model`,
      );
    }
    return logit / temperatures[modality];
  };
  return { visual: read(states.visualLogits, "visual"), textual: read(states.textualLogits, "textual") };
}
