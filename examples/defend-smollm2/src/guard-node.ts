import { auc, calibrateGuard, type GuardCalibration, refusalScore } from "@videosafety/alarm-tokens";
import type { FeatureCache, VideoLlm } from "@videosafety/video-llm";
import type { ComposedSample } from "sign-world";
import { prepareSample } from "./stages.js";
import { labelsOf } from "./training-sets.js";

/** What the alarm heads say of samples, one number each. */
export interface Readings {
  readonly visualLogits: readonly number[];
  readonly textualLogits: readonly number[];
}

/** What a guard promises, and what it does on the held-out items. */
export interface GuardReport {
  /** Area under the ROC curve of each head on the held-out items; chance 0.5. */
  readonly auc: { readonly visual: number; readonly textual: number };
  readonly calibration: GuardCalibration;
  /** Raised alarms over harmful and over safe held-out items. */
  readonly heldOut: {
    readonly harmfulRaised: number;
    readonly harmful: number;
    readonly safeRaised: number;
    readonly safe: number;
  };
}

const BATCH = 16;

/** Reads both heads over samples with their clips. */
export async function readAlarms(
  context: { readonly model: VideoLlm; readonly features: FeatureCache; readonly folder: string },
  samples: readonly ComposedSample[],
): Promise<Readings> {
  const [visualLogits, textualLogits]: [number[], number[]] = [[], []];
  for (let start = 0; start < samples.length; start += BATCH) {
    const part = samples.slice(start, start + BATCH);
    const prepared = await Promise.all(
      part.map((sample) => prepareSample(context, sample, { completion: sample.answer })),
    );
    const states = await context.model.alarmStates(prepared);
    visualLogits.push(...states.visualLogits);
    textualLogits.push(...states.textualLogits);
  }
  return { visualLogits, textualLogits };
}

/** Sets a guard's threshold on the calibration samples and counts its alarms over the held-out ones. */
export function guardReport(
  calibrating: { readonly samples: readonly ComposedSample[]; readonly readings: Readings },
  heldOut: { readonly samples: readonly ComposedSample[]; readonly readings: Readings },
  targetFrr: number,
): GuardReport {
  const calibration = calibrateGuard({ ...calibrating.readings, labels: calibrating.samples.map(labelsOf), targetFrr });
  const labels = heldOut.samples.map(labelsOf);
  const { visualLogits, textualLogits } = heldOut.readings;
  const counts = { harmfulRaised: 0, harmful: 0, safeRaised: 0, safe: 0 };
  for (const [i, { textual }] of labels.entries()) {
    const [visual, text] = [
      (visualLogits[i] as number) / calibration.temperatures.visual,
      (textualLogits[i] as number) / calibration.temperatures.textual,
    ];
    const raised = refusalScore(visual, text, calibration.refuseOn) > calibration.refusal.threshold;
    const kind = textual === 1 ? "harmful" : "safe";
    counts[kind]++;
    if (raised) counts[`${kind}Raised`]++;
  }
  const area = (logits: readonly number[], key: "visual" | "textual"): number =>
    auc(
      logits,
      labels.map((label) => label[key] as 0 | 1),
    );
  return {
    auc: { visual: area(visualLogits, "visual"), textual: area(textualLogits, "textual") },
    calibration,
    heldOut: counts,
  };
}
