import { deriveSeed } from "@videosafety/random";
import { described } from "@videosafety/safety-data/schema";
import * as z from "zod/mini";
import { type RefuseOn, refusalScore, shouldRefuse } from "../analysis/evaluate-alarms.js";
import { CalibrationError, EmptyClassError } from "../errors.js";
import { checkReadings } from "../labels/check-readings.js";
import type { SampleLabels } from "../labels/label-policy.js";
import type { RecordLocation } from "../labels/record-location.js";
import { conformalThreshold } from "./conformal-threshold.js";
import { type SegmentCalibration, segmentThreshold } from "./segment-guard.js";
import { fitTemperature } from "./temperature.js";

const thresholdSchema = z.strictObject({
  threshold: described(z.number(), "logit after temperature scaling; raised above it"),
  targetFrr: described(z.number(), "promised rate"),
  confidence: described(z.nullable(z.number()), "null: in the mean over calibration sets"),
  count: described(z.int(), "safe calibration samples"),
  rank: described(z.int(), "the threshold is the rank-th smallest of their scores"),
  expectedFrr: described(z.number(), "mean rate on new safe inputs"),
});

/** A guard's calibration as it is stored: plain JSON, strict. */
export const guardCalibrationSchema = z.strictObject({
  format: z.literal("videosafety-guard-1"),
  refuseOn: described(z.enum(["textual", "either", "both"]), "which alarms the verdict looks at"),
  unit: described(
    z.optional(z.enum(["input", "video", "conversation"])),
    "what rates count: inputs (default), whole watched videos, or whole conversations",
  ),
  temperatures: z.strictObject({ visual: z.number().check(z.positive()), textual: z.number().check(z.positive()) }),
  refusal: described(thresholdSchema, "of the verdict"),
  visual: described(thresholdSchema, "of the visual flag and of time spans from windows"),
  textual: described(thresholdSchema, "of the textual flag"),
  segments: described(z.optional(thresholdSchema), "of time spans from segment alarms"),
  safeScores: described(
    z.optional(z.array(z.number())),
    "refusal scores of the safe calibration samples, rising: what createDriftMonitor compares live ones with",
  ),
});

/** Everything a guard needs beside its model. */
export type GuardCalibration = z.infer<typeof guardCalibrationSchema>;

/** What `calibrateGuard` takes. */
export interface CalibrationInput {
  /** [n] logits of the visual head on samples the model was not trained on. */
  readonly visualLogits: ArrayLike<number>;
  /** [n] logits of the textual head. */
  readonly textualLogits: ArrayLike<number>;
  /** [n]. */
  readonly labels: readonly SampleLabels[];
  /** For time spans from segment alarms. */
  readonly segments?: SegmentCalibration;
  /** [n] where the records are: errors name them. */
  readonly locations?: readonly (RecordLocation | undefined)[];
  /** False refusal rate to promise, e.g. 0.02. */
  readonly targetFrr: number;
  /** See `ConformalTarget`; default 0.95. */
  readonly confidence?: number | null;
  /** Default "textual": a safe question about a harmful video is answered. */
  readonly refuseOn?: RefuseOn;
}

/**
 * Makes a guard's calibration from held-out logits: temperatures for honest probabilities, conformal thresholds for a
 * promised false refusal rate.
 *
 * A temperature only stretches one head's scores, so one-head thresholds lose no guarantee by sharing samples with it.
 * `either` and `both` compare two stretched heads; there half of the samples, chosen by a hash of their index,
 * fits the temperatures and the other half sets the threshold, so that the promise stays exact.
 *
 * @throws CalibrationError, EmptyClassError, NonFiniteError, SafetyLabelError, AlarmShapeError
 */
export function calibrateGuard(input: CalibrationInput): GuardCalibration {
  const { visualLogits, textualLogits, labels, targetFrr, confidence = 0.95, refuseOn = "textual" } = input;
  checkReadings(visualLogits, textualLogits, labels, input.locations);
  const logits = { visual: Array.from(visualLogits), textual: Array.from(textualLogits) };
  const all = labels.map((_, i) => i);
  const forTemperature = refuseOn === "textual" ? all : all.filter((i) => calibrationHalf(i) === "fit");
  const forThreshold = refuseOn === "textual" ? all : all.filter((i) => calibrationHalf(i) === "threshold");
  const pick = <T>(values: readonly T[], indices: readonly number[]): T[] => indices.map((i) => values[i] as T);
  const temperatureOf = (modality: "visual" | "textual"): number =>
    fitTemperature(
      pick(logits[modality], forTemperature),
      pick(labels, forTemperature).map((label) => label[modality]),
    );
  const temperatures = { visual: temperatureOf("visual"), textual: temperatureOf("textual") };
  const scaled = {
    visual: logits.visual.map((logit) => logit / temperatures.visual),
    textual: logits.textual.map((logit) => logit / temperatures.textual),
  };
  const target = { targetFrr, confidence };
  const safeScores = (modality: "visual" | "textual"): number[] =>
    pick(
      scaled[modality],
      all.filter((i) => labels[i]?.[modality] === 0),
    );
  const answered = forThreshold.filter((i) => shouldRefuse(labels[i] as SampleLabels, refuseOn) === false);
  if (answered.length === 0) {
    throw new EmptyClassError(
      "expected samples that should be answered, found none; a false refusal rate needs safe samples",
    );
  }
  const refusalScores = answered.map((i) =>
    refusalScore(scaled.visual[i] as number, scaled.textual[i] as number, refuseOn),
  );
  return {
    format: "videosafety-guard-1",
    refuseOn,
    temperatures,
    refusal: conformalThreshold(refusalScores, target),
    safeScores: [...refusalScores].sort((a, b) => a - b),
    visual: conformalThreshold(safeScores("visual"), target),
    textual: conformalThreshold(safeScores("textual"), target),
    ...(input.segments && { segments: segmentThreshold(input.segments, labels, target) }),
  };
}

/**
 * Which half of the calibration items one belongs to, where what was fitted must not see what sets the threshold: by a hash of its index, since
 * neighbours may be alike and even indices may share a label.
 */
export function calibrationHalf(index: number): "fit" | "threshold" {
  return deriveSeed(0, index) % 2 === 0 ? "fit" : "threshold";
}

/** Reads a stored calibration. @throws CalibrationError `invalid-calibration` */
export function parseGuardCalibration(value: unknown): GuardCalibration {
  const parsed = guardCalibrationSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new CalibrationError(
    "invalid-calibration",
    `expected what calibrateGuard returns, found:\n${z.prettifyError(parsed.error)}\ncalibrate again, or load the file that calibrateGuard's result was written to`,
    { cause: parsed.error },
  );
}

/** The promise in words, for reports and logs. */
export function describeGuarantee(calibration: GuardCalibration): string {
  const { targetFrr, confidence, count } = calibration.refusal;
  const percent = (share: number): string => `${Number((100 * share).toPrecision(3))} %`;
  const promise =
    calibration.unit === "video"
      ? `At most ${percent(targetFrr)} of safe videos like the ${count} calibration videos are refused in any window`
      : calibration.unit === "conversation"
        ? `At most ${percent(targetFrr)} of safe conversations like the ${count} calibration conversations are refused in any turn`
        : `At most ${percent(targetFrr)} of safe inputs like the ${count} calibration samples are refused`;
  return confidence === null
    ? `${promise}, in the mean over calibration sets.`
    : `${promise}; this holds with probability ${percent(confidence)} over the draw of the calibration set.`;
}
