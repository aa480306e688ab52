import { auc, type TokenSnapshot } from "@videosafety/alarm-tokens";
import type { FrontierSeries } from "@videosafety/alarm-tokens/plots";
import type { VideoLlm } from "@videosafety/video-llm";
import { type AlarmReadings, answersRefuse, type RefusalRates, readAlarms, refusalRates } from "./alarm-readings.js";
import { type CalibrationTrial, calibrationTrials } from "./calibration-trials.js";
import { locateBySegments, locateByWindows, type SegmentFinding, type WindowFinding } from "./locate-spans.js";
import { type InsideView, lookInside } from "./look-inside.js";
import { prepareAll } from "./micro-model.js";
import { microSamples, REFUSAL } from "./micro-world.js";
import { readWithReadout } from "./readout.js";
import { trainSegmentAlarms } from "./segment-alarms.js";
import { type Amounts, type OnEvent, PAPER, trainBase, trainStages } from "./train-micro.js";

/** What the example measures. */
export interface MicroResults {
  /** Refusals of the models' own answers. */
  readonly answers: {
    readonly base: RefusalRates;
    readonly refusalTraining: RefusalRates;
    readonly stage2: RefusalRates;
  };
  /** Of both heads, and of a readout over the textual alarm and the prompt's last token. */
  readonly auc: { readonly visual: number; readonly textual: number; readonly readout: number };
  /** One calibration per seed. */
  readonly trials: readonly CalibrationTrial[];
  /** Which second is harmful: from windows run again, and from alarms after every frame. */
  readonly spans: { readonly windows: WindowFinding; readonly segments: SegmentFinding };
  readonly inside: InsideView;
  readonly readings: AlarmReadings;
  readonly snapshots: readonly TokenSnapshot[];
  readonly points: readonly FrontierSeries[];
}

const isRefusal = (text: string): boolean => text.startsWith(REFUSAL.slice(0, 8));

/**
 * Trains a base model, then safety twice (plainly, and by the paper's stages 1 and 2), and measures what came out; last, beyond
 * the paper, stage 2 once more with segment alarms.
 */
export async function runMicro(options: {
  readonly seed: number;
  readonly amounts: Amounts;
  readonly targetFrr: number;
  readonly confidence: number | null;
  readonly seeds: number;
  readonly onEvent: OnEvent;
}): Promise<MicroResults> {
  const { seed, amounts, onEvent } = options;
  const held = microSamples(amounts.held, seed + 2, { split: "held" });
  const measured = held.slice(0, amounts.held / 2);
  const answersOf = async (model: VideoLlm, alarmTokens: boolean): Promise<RefusalRates> => {
    const samples = await prepareAll(model, measured, alarmTokens);
    return refusalRates(
      await answersRefuse(model, samples, isRefusal),
      measured.map(({ labels }) => labels),
    );
  };

  const model = await trainBase(seed, amounts, onEvent);
  const start = copyTensors(model);
  const base = await answersOf(model, false);
  await trainStages(
    model,
    { ...PAPER, alarmTokens: false, lambdaVisual: 0, lambdaTextual: 0 },
    seed,
    amounts,
    (stage, event) => onEvent(`refusal training, ${stage}`, event),
  );
  const refusalTraining = await answersOf(model, false);

  restoreTensors(model, start);
  const snapshots = [snapshot(model, "start")];
  let afterStage1 = start;
  await trainStages(model, PAPER, seed, amounts, (stage, event) => {
    onEvent(stage, event);
    if (event.type !== "done") return;
    snapshots.push(snapshot(model, stage));
    if (stage === "stage 1") afterStage1 = copyTensors(model);
  });
  const stage2 = await answersOf(model, true);
  const prepared = await prepareAll(model, held);
  const readings = await readAlarms(model, prepared);
  const training = microSamples(amounts.stages.samples, seed + 1, { split: "train" });
  const read = await readWithReadout(model, await prepareAll(model, training), prepared);
  const trials = await calibrationTrials(readings, options);
  const { calibration } = trials[0] as CalibrationTrial;
  const labels = (key: "visual" | "textual"): number[] => readings.labels.map((label) => label[key] ?? 0);
  const point = (name: string, rates: RefusalRates): FrontierSeries => ({
    name,
    points: [{ dsr: (rates.hh + rates.sh) / 2, frr: rates.frr }],
  });
  const windows = await locateByWindows(model, calibration, measured);
  const inside = await lookInside(model, await prepareAll(model, measured), (i) => measured[i]?.clip?.sign ?? null);
  restoreTensors(model, afterStage1);
  const alarms = await trainSegmentAlarms(model, seed, amounts, onEvent);
  const split = { calibrate: held.slice(amounts.held / 2), measure: measured };
  const segments = await locateBySegments(model, alarms, split, options);
  await alarms.dispose();
  await model.dispose();
  return {
    answers: { base, refusalTraining, stage2 },
    auc: {
      visual: auc(readings.visualLogits, labels("visual")),
      textual: auc(readings.textualLogits, labels("textual")),
      readout: auc(read.readings.textualLogits, labels("textual")),
    },
    trials,
    spans: { windows, segments },
    inside,
    readings,
    snapshots,
    points: [
      point("base model", base),
      point("refusal training", refusalTraining),
      point("stage 2, own answers", stage2),
    ],
  };
}

/** Copies of all tensors, to start several trainings from one model. */
export function copyTensors(model: VideoLlm): Map<string, Float32Array> {
  return new Map([...model.tensors].map(([name, { data }]) => [name, data.slice()]));
}

/** Puts copies back. */
export function restoreTensors(model: VideoLlm, copies: ReadonlyMap<string, Float32Array>): void {
  for (const [name, { data }] of model.tensors) data.set(copies.get(name) as Float32Array);
  model.parametersChanged();
}

function snapshot(model: VideoLlm, stage: string): TokenSnapshot {
  const vector = (name: string): Float32Array => (model.tensors.get(name)?.data ?? new Float32Array()).slice();
  return { stage, visual: vector("visual_alarm_tokens"), textual: vector("textual_alarm_tokens") };
}
