import { type RefuseOn, refusalScore, shouldRefuse } from "../analysis/evaluate-alarms.js";
import { AlarmShapeError, EmptyClassError, NonFiniteError } from "../errors.js";
import { resolveLabels, type SampleLabels } from "../labels/label-policy.js";
import type { RecordLocation } from "../labels/record-location.js";
import type { GuardModel } from "../model/guard-model.js";
import { type ConformalTarget, conformalThreshold } from "./conformal-threshold.js";
import type { GuardWindow } from "./guard.js";
import type { GuardCalibration } from "./guard-calibration.js";

/** What the heads say of the windows of one video. */
export interface WindowReadings {
  /** [W] logits of the visual head, W >= 1. */
  readonly visualLogits: ArrayLike<number>;
  /** [W] logits of the textual head. */
  readonly textualLogits: ArrayLike<number>;
}

/** A held-out video with its windows' logits. */
export interface CalibrationVideo extends WindowReadings {
  /** Of the whole video and its query: visual 1 when any part is harmful. */
  readonly labels: SampleLabels;
  /** For errors. */
  readonly location?: RecordLocation;
}

/** Scores of the worst window of one video, after temperature scaling. */
export interface StreamMaxima {
  /** Highest refusal score: the video is refused in some window when it exceeds the threshold. */
  readonly refusal: number;
  /** Highest visual logit. */
  readonly visual: number;
  /** Highest textual logit. */
  readonly textual: number;
}

/**
 * Runs the heads over the windows of one video, a few at a time: the same windows, cut in the same way, that
 * `guard.watch` will get of live videos.
 *
 * @param options.prepare as in `createGuard`; default: a window's input is the model's sample
 * @param options.batchSize windows in one forward pass, default 8: the most that are held at once
 * @throws AlarmShapeError when the video has no window, or the model gives fewer logits than windows; whatever the model
 *   and the windows throw.
 */
export async function readWindows<Input, Sample = Input>(
  model: GuardModel<Sample>,
  windows: AsyncIterable<GuardWindow<Input>> | Iterable<GuardWindow<Input>>,
  options: {
    readonly prepare?: (input: Input) => Sample | Promise<Sample>;
    readonly batchSize?: number;
    readonly signal?: AbortSignal;
  } = {},
): Promise<{ visualLogits: number[]; textualLogits: number[] }> {
  const { batchSize = 8, signal } = options;
  const prepare = options.prepare ?? ((input: Input) => input as unknown as Sample);
  const visualLogits: number[] = [];
  const textualLogits: number[] = [];
  let batch: Sample[] = [];
  const flush = async (): Promise<void> => {
    signal?.throwIfAborted();
    const states = await model.alarmStates(batch, signal ? { signal } : {});
    for (const [logits, into] of [
      [states.visualLogits, visualLogits],
      [states.textualLogits, textualLogits],
    ] as const) {
      if (logits.length !== batch.length) {
        throw new AlarmShapeError(`expected ${batch.length} logits of each head, found ${logits.length}`);
      }
      into.push(...logits);
    }
    batch = [];
  };
  for await (const { input } of windows) {
    batch.push(await prepare(input));
    if (batch.length >= batchSize) await flush();
  }
  if (batch.length > 0) await flush();
  if (visualLogits.length === 0) {
    throw new AlarmShapeError("expected at least one window, found none; leave empty videos out");
  }
  return { visualLogits, textualLogits };
}

/**
 * The scores by which a watched video is refused or flagged in any of its windows.
 *
 * @param scaling temperatures and `refuseOn` of a guard's calibration
 * @throws AlarmShapeError without windows or with unequal numbers of logits; NonFiniteError. Both name the record.
 */
export function streamMaxima(
  video: WindowReadings & { readonly location?: RecordLocation },
  scaling: Pick<GuardCalibration, "temperatures" | "refuseOn">,
): StreamMaxima {
  const { visualLogits, textualLogits, location } = video;
  const { temperatures, refuseOn } = scaling;
  if (visualLogits.length === 0 || visualLogits.length !== textualLogits.length) {
    throw new AlarmShapeError(
      `expected one logit of each head for every window, found ${visualLogits.length} visual and ${textualLogits.length} textual; read them with readWindows`,
      { location },
    );
  }
  let maxima: StreamMaxima = { refusal: -Infinity, visual: -Infinity, textual: -Infinity };
  for (let window = 0; window < visualLogits.length; window++) {
    const visual = (visualLogits[window] as number) / temperatures.visual;
    const textual = (textualLogits[window] as number) / temperatures.textual;
    if (!Number.isFinite(visual) || !Number.isFinite(textual)) {
      throw new NonFiniteError(
        `expected finite logits, found ${visualLogits[window]} (visual) and ${textualLogits[window]} (textual) in window ${window}; check the model`,
        { location },
      );
    }
    maxima = {
      refusal: Math.max(maxima.refusal, refusalScore(visual, textual, refuseOn as RefuseOn)),
      visual: Math.max(maxima.visual, visual),
      textual: Math.max(maxima.textual, textual),
    };
  }
  return maxima;
}

/**
 * Makes the calibration of a guard that watches streams: every window is a new chance for a false alarm, so thresholds come
 * from the highest score over the windows of each safe video, and the promise counts videos: of new safe videos, at most
 * `targetFrr` are refused in any window.
 *
 * The promise holds for videos exchangeable with these: of the same kind, of like length, cut into windows in the same way.
 * A video that is watched only in part is refused no more often than the whole; a longer one more often. Calibrate an endless
 * stream on stretches of one length: the promise then is per stretch of that length.
 *
 * @param input.base temperatures and `refuseOn` (its thresholds are replaced). For `refuseOn` other than "textual" it must
 *   come from other samples than these videos; the scores of one head are only stretched by a temperature.
 * @param input.videos held out from training; harmful ones are left aside. The verdict needs videos that should be answered,
 *   each flag videos that are safe in its modality.
 * @throws CalibrationError when there are too few videos for the target (the message says how many are needed), EmptyClassError
 *   when none is safe, AlarmShapeError, NonFiniteError and SafetyLabelError naming the video.
 */
export function calibrateStreamGuard(input: {
  readonly base: GuardCalibration;
  readonly videos: readonly CalibrationVideo[];
  readonly targetFrr: number;
  /** See `ConformalTarget`; default 0.95. */
  readonly confidence?: number | null;
  /** "conversation": `videos` are chats and their windows user turns (`chatTurns`). Default "video". */
  readonly unit?: "video" | "conversation";
}): GuardCalibration {
  const { base, videos, targetFrr, confidence = 0.95, unit = "video" } = input;
  const target: ConformalTarget = { targetFrr, confidence };
  const worst = videos.map((video) => ({
    labels: resolveLabels(video.labels, { unlabeled: "mask", partial: "mask" }, video.location),
    ...streamMaxima(video, base),
  }));
  const scoresOf = (score: keyof StreamMaxima, isSafe: (labels: SampleLabels) => boolean, name: string): number[] => {
    const scores = worst.filter(({ labels }) => isSafe(labels)).map((maxima) => maxima[score]);
    if (scores.length > 0) return scores;
    throw new EmptyClassError(
      `expected videos ${name}, found none among ${videos.length}; a false refusal rate needs safe videos`,
    );
  };
  const answered = (labels: SampleLabels): boolean => shouldRefuse(labels, base.refuseOn) === false;
  const refusalScores = scoresOf("refusal", answered, "that should be answered");
  return {
    ...base,
    unit,
    safeScores: [...refusalScores].sort((a, b) => a - b),
    refusal: conformalThreshold(refusalScores, target),
    visual: conformalThreshold(
      scoresOf("visual", ({ visual }) => visual === 0, "labelled visual: 0"),
      target,
    ),
    textual: conformalThreshold(
      scoresOf("textual", ({ textual }) => textual === 0, "labelled textual: 0"),
      target,
    ),
  };
}
