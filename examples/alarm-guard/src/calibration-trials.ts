import { calibrateGuard, createGuard, type GuardCalibration, sigmoid } from "@videosafety/alarm-tokens";
import { createRng } from "@videosafety/onnx-autodiff";
import { type AlarmReadings, type RefusalRates, refusalRates, selectReadings } from "./alarm-readings.js";

/** Calibrating on one half of the samples and measuring on the other. */
export interface CalibrationTrial extends RefusalRates {
  readonly calibration: GuardCalibration;
}

/** How a guard with this calibration decides on readings. */
export async function guardDecisions(calibration: GuardCalibration, readings: AlarmReadings): Promise<boolean[]> {
  const model = {
    // The readings are the model's answers already: sample = index.
    alarmStates: async (indices: readonly number[]) => ({
      visualHidden: new Float32Array(),
      textualHidden: new Float32Array(),
      visualLogits: Float32Array.from(indices, (i) => readings.visualLogits[i] as number),
      textualLogits: Float32Array.from(indices, (i) => readings.textualLogits[i] as number),
    }),
  };
  const guard = createGuard(model, calibration);
  const verdicts = [];
  for (let i = 0; i < readings.labels.length; i++) verdicts.push((await guard.assess(i)).verdict !== "allow");
  return verdicts;
}

/** Splits, calibrates and measures once per seed. */
export async function calibrationTrials(
  readings: AlarmReadings,
  options: { readonly seeds: number; readonly targetFrr: number; readonly confidence: number | null },
): Promise<CalibrationTrial[]> {
  const trials: CalibrationTrial[] = [];
  for (let seed = 0; seed < options.seeds; seed++) {
    const rng = createRng(seed);
    const order = readings.labels.map((_, i) => ({ i, key: rng.uniform() })).sort((a, b) => a.key - b.key);
    const half = Math.floor(order.length / 2);
    const indices = order.map(({ i }) => i);
    const { targetFrr, confidence } = options;
    const calibration = calibrateGuard({ ...selectReadings(readings, indices.slice(0, half)), targetFrr, confidence });
    const fresh = selectReadings(readings, indices.slice(half));
    trials.push({ calibration, ...refusalRates(await guardDecisions(calibration, fresh), fresh.labels) });
  }
  return trials;
}

/** Calibrated probabilities of one head. */
export const probabilities = (logits: readonly number[], temperature: number): number[] =>
  logits.map((logit) => sigmoid(logit / temperature));
