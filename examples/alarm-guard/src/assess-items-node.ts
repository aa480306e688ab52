import { basename } from "node:path";
import {
  auc,
  bestDsrAtFrr,
  type GuardCalibration,
  type HarmReadout,
  leastFrrAtDsr,
  rocCurve,
} from "@videosafety/alarm-tokens";
import type { FrontierSeries } from "@videosafety/alarm-tokens/plots";
import { hasAlarms, loadVideoLlm } from "@videosafety/video-llm";
import { type AlarmReadings, type RefusalRates, readAlarms } from "./alarm-readings.js";
import { type CalibrationTrial, calibrationTrials } from "./calibration-trials.js";
import { Clips, type ItemSampling, prepareItems, readItems, readTrainingRecords } from "./labelled-items-node.js";
import { ownRates } from "./own-answers.js";
import { readWithReadout } from "./readout.js";

/** A guard for a checkpoint, measured on items, and beside it models that refuse by themselves. */
export interface ItemsAssessment {
  /** What the guard reads: the readout, or the textual head where there is none. */
  readonly readings: AlarmReadings;
  readonly calibration: GuardCalibration;
  /** null without training records. */
  readonly readout: HarmReadout | null;
  /** The textual head's own curve beside a readout's, and the models' own answers as points. */
  readonly points: readonly FrontierSeries[];
  readonly summary: string;
}

/**
 * Half of the items calibrate the guard of `checkpoint`, the other half measures it; `compared` checkpoints answer all of
 * them. With `training`, the guard reads a readout fitted on those records.
 */
export async function assessItems(options: {
  readonly checkpoint: string;
  readonly compared: readonly string[];
  readonly items: string;
  readonly training: { readonly records: string; readonly mediaRoot: string } | null;
  readonly sampling: ItemSampling;
  readonly targetFrr: number;
  readonly confidence: number | null;
}): Promise<ItemsAssessment> {
  const { checkpoint, compared, training, sampling, targetFrr, confidence } = options;
  const clips = new Clips(sampling);
  const items = await readItems(options.items);
  const model = await loadVideoLlm(checkpoint, { memoryPattern: false });
  const samples = await prepareItems(model, items, clips);
  const head = await readAlarms(model, samples);
  let readings = head;
  let readout: HarmReadout | null = null;
  if (training !== null) {
    const records = await readTrainingRecords(training.records, training.mediaRoot);
    const seen = await prepareItems(model, records, new Clips(sampling));
    ({ readout, readings } = await readWithReadout(model, seen, samples));
  }
  await model.dispose();
  const trialOptions = { seeds: 20, targetFrr, confidence };
  const trials = await calibrationTrials(readings, trialOptions);
  const summary = [guardSummary("guard", readings, trials, targetFrr)];
  const points: FrontierSeries[] = [];
  if (readings !== head) {
    summary.push(guardSummary("textual alarm alone", head, await calibrationTrials(head, trialOptions), targetFrr));
    points.push({ name: "textual alarm alone", points: rocCurve(head.textualLogits, harmful(head)) });
  }
  for (const directory of compared) {
    const other = await loadVideoLlm(directory, { memoryPattern: false });
    const rates = await ownRates(other, await prepareItems(other, items, clips, hasAlarms(other)));
    await other.dispose();
    points.push({ name: `${basename(directory)}, own answers`, points: [pointOf(rates, readings)] });
    summary.push(compareSummary(basename(directory), rates, readings));
  }
  const { calibration } = trials[0] as CalibrationTrial;
  return { readings, calibration, readout, points, summary: summary.join("\n") };
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const harmful = ({ labels }: AlarmReadings): number[] => labels.map(({ textual }) => textual ?? 0);

/** DSR over all harmful queries of the items, as the guard's curve counts it. */
function pointOf({ hh, sh, frr }: RefusalRates, { labels }: AlarmReadings): { dsr: number; frr: number } {
  const queries = labels.filter(({ textual }) => textual === 1);
  const share = queries.filter(({ visual }) => visual === 1).length / queries.length;
  return { dsr: share * hh + (1 - share) * sh, frr };
}

function guardSummary(
  name: string,
  readings: AlarmReadings,
  trials: readonly CalibrationTrial[],
  targetFrr: number,
): string {
  const mean = (of: (trial: CalibrationTrial) => number): string =>
    percent(trials.reduce((sum, trial) => sum + of(trial), 0) / trials.length);
  const area = (key: "visual" | "textual"): string =>
    auc(
      readings[`${key}Logits`],
      readings.labels.map((label) => label[key] ?? 0),
    ).toFixed(4);
  const above = trials.filter(({ frr }) => frr > targetFrr).length;
  const most = percent(Math.max(...trials.map(({ frr }) => frr)));
  const atTarget = bestDsrAtFrr(rocCurve(readings.textualLogits, harmful(readings)), targetFrr);
  return [
    `${name}: ${readings.labels.length} items; AUC visual ${area("visual")}, textual ${area("textual")}`,
    `  mean of ${trials.length} calibrations: HH ${mean((t) => t.hh)}, SH ${mean((t) => t.sh)} refused, FRR ${mean((t) => t.frr)} (most ${most}, above the target in ${above})`,
    `  frontier: DSR ${percent(atTarget.dsr)} at an FRR of at most ${percent(targetFrr)}`,
  ].join("\n");
}

function compareSummary(name: string, rates: RefusalRates, readings: AlarmReadings): string {
  const own = pointOf(rates, readings);
  const guard = leastFrrAtDsr(rocCurve(readings.textualLogits, harmful(readings)), own.dsr);
  return `${name} by itself: HH ${percent(rates.hh)}, SH ${percent(rates.sh)}, FRR ${percent(own.frr)}; the guard at its DSR ${percent(own.dsr)}: FRR ${percent(guard.frr)}`;
}
