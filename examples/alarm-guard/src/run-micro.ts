import {
  auc,
  createGuard,
  type GuardCalibration,
  mergeSpans,
  type TimeSpan,
  type TokenSnapshot,
} from "@videosafety/alarm-tokens";
import type { FrontierSeries } from "@videosafety/alarm-tokens/plots";
import type { PreparedSample, VideoLlm } from "@videosafety/video-llm";
import { type AlarmReadings, answersRefuse, type RefusalRates, readAlarms, refusalRates } from "./alarm-readings.js";
import { type CalibrationTrial, calibrationTrials } from "./calibration-trials.js";
import { type InsideView, lookInside } from "./look-inside.js";
import { prepareAll, prepareMicro } from "./micro-model.js";
import { cutClip, FRAME, type MicroSample, microSamples, REFUSAL } from "./micro-world.js";
import { type Amounts, type OnEvent, PAPER, trainBase, trainStages } from "./train-micro.js";

/** What the example measures. */
export interface MicroResults {
  /** Refusals of the models' own answers. */
  readonly answers: {
    readonly base: RefusalRates;
    readonly refusalTraining: RefusalRates;
    readonly stage2: RefusalRates;
  };
  readonly auc: { readonly visual: number; readonly textual: number };
  /** One calibration per seed. */
  readonly trials: readonly CalibrationTrial[];
  /** Mean intersection over union of the reported and the true time spans, over harmful clips. */
  readonly spanOverlap: number;
  /** Median of the guard's own share of `assess`. */
  readonly overheadShare: number;
  readonly inside: InsideView;
  readonly readings: AlarmReadings;
  readonly snapshots: readonly TokenSnapshot[];
  readonly points: readonly FrontierSeries[];
}

const isRefusal = (text: string): boolean => text.startsWith(REFUSAL.slice(0, 8));

/** Trains a base model, then safety twice (plainly, and by the paper's stages 1 and 2), and measures what came out. */
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
  await trainStages(model, PAPER, seed, amounts, (stage, event) => {
    onEvent(stage, event);
    if (event.type === "done") snapshots.push(snapshot(model, stage));
  });
  const stage2 = await answersOf(model, true);
  const readings = await readAlarms(model, await prepareAll(model, held));
  const trials = await calibrationTrials(readings, options);
  const { calibration } = trials[0] as CalibrationTrial;
  const labels = (key: "visual" | "textual"): number[] => readings.labels.map((label) => label[key] ?? 0);
  const point = (name: string, rates: RefusalRates): FrontierSeries => ({
    name,
    points: [{ dsr: (rates.hh + rates.sh) / 2, frr: rates.frr }],
  });
  const located = await locate(model, calibration, measured);
  const inside = await lookInside(model, await prepareAll(model, measured), (i) => measured[i]?.clip?.sign ?? null);
  await model.dispose();
  return {
    answers: { base, refusalTraining, stage2 },
    auc: {
      visual: auc(readings.visualLogits, labels("visual")),
      textual: auc(readings.textualLogits, labels("textual")),
    },
    trials,
    ...located,
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

/** Runs the guard as a product would: video and query in, verdict and time spans out. */
async function locate(
  model: VideoLlm,
  calibration: GuardCalibration,
  samples: readonly MicroSample[],
): Promise<{ spanOverlap: number; overheadShare: number }> {
  const guard = createGuard<MicroSample, PreparedSample>(model, calibration, {
    prepare: (sample: MicroSample) => prepareMicro(model, sample),
    windows: ({ clip, ...sample }) =>
      clip === null
        ? []
        : Array.from({ length: FRAME.count }, (_, t) => ({
            startSeconds: t,
            endSeconds: t + 1,
            input: { ...sample, clip: cutClip(clip, t, t + 1) },
          })),
  });
  const overlaps: number[] = [];
  const shares: number[] = [];
  for (const sample of samples.filter(({ clip }) => clip?.hazard != null).slice(0, 60)) {
    const { spans, latency } = await guard.assess(sample);
    overlaps.push(intersectionOverUnion(spans, [sample.clip?.hazard as TimeSpan]));
    shares.push(latency.guardMs / latency.totalMs);
  }
  shares.sort((a, b) => a - b);
  return {
    spanOverlap: overlaps.reduce((a, b) => a + b, 0) / overlaps.length,
    overheadShare: shares[Math.floor(shares.length / 2)] as number,
  };
}

function intersectionOverUnion(a: readonly TimeSpan[], b: readonly TimeSpan[]): number {
  const length = (spans: readonly TimeSpan[]): number =>
    mergeSpans(spans).reduce((sum, { startSeconds, endSeconds }) => sum + endSeconds - startSeconds, 0);
  const union = length([...a, ...b]);
  return (length(a) + length(b) - union) / union;
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
