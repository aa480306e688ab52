import { basename, dirname, resolve } from "node:path";
import { auc, bestDsrAtFrr, type GuardCalibration, leastFrrAtDsr, rocCurve } from "@videosafety/alarm-tokens";
import type { FrontierSeries } from "@videosafety/alarm-tokens/plots";
import { type EvalItem, evalItemSchema } from "@videosafety/safety-data";
import { readJsonl } from "@videosafety/safety-data/node";
import { loadVideoLlm, type PreparedSample, type VideoLlm } from "@videosafety/video-llm";
import { type SampledVideo, sampleFrames } from "@videosafety/video-sampler";
import { classifyRefusal } from "@videosafety/vsb-eval";
import { type AlarmReadings, answersRefuse, type RefusalRates, readAlarms, refusalRates } from "./alarm-readings.js";
import { type CalibrationTrial, calibrationTrials } from "./calibration-trials.js";

/** How clips become frames. */
export interface ItemSampling {
  readonly fps: number;
  readonly maxFrames: number;
}

/** A guard for a checkpoint, measured on items, and beside it models that refuse by themselves. */
export interface ItemsAssessment {
  readonly readings: AlarmReadings;
  readonly calibration: GuardCalibration;
  /** The models' own answers as points, and what the guard's frontier reaches at their rates. */
  readonly points: readonly FrontierSeries[];
  readonly summary: string;
}

/** Half of the items calibrate the guard of `checkpoint`, the other half measures it; `compared` checkpoints answer all of them. */
export async function assessItems(options: {
  readonly checkpoint: string;
  readonly compared: readonly string[];
  readonly items: string;
  readonly sampling: ItemSampling;
  readonly targetFrr: number;
  readonly confidence: number | null;
}): Promise<ItemsAssessment> {
  const { checkpoint, compared, items, sampling, targetFrr, confidence } = options;
  const asked = await readItems(items, sampling);
  const model = await loadVideoLlm(checkpoint, { memoryPattern: false });
  const readings = await readAlarms(model, await prepare(model, asked, true));
  await model.dispose();
  const trials = await calibrationTrials(readings, { seeds: 20, targetFrr, confidence });
  const answers: { name: string; rates: RefusalRates }[] = [];
  for (const directory of compared)
    answers.push({ name: basename(directory), rates: await ownRates(directory, asked) });
  return {
    readings,
    calibration: (trials[0] as CalibrationTrial).calibration,
    points: answers.map(({ name, rates }) => ({ name: `${name}, own answers`, points: [pointOf(rates, readings)] })),
    summary: [guardSummary(readings, trials, targetFrr), ...answers.map((own) => compareSummary(own, readings))].join(
      "\n",
    ),
  };
}

interface AskedItem {
  readonly item: EvalItem;
  readonly frames: SampledVideo | null;
}

async function readItems(file: string, sampling: ItemSampling): Promise<AskedItem[]> {
  const plan = { type: "videollama3-reference", ...sampling } as const;
  const clips = new Map<string, Promise<SampledVideo>>(); // several items may share a clip
  const asked: AskedItem[] = [];
  for await (const item of readJsonl(file, { schema: evalItemSchema })) {
    const path = item.video && resolve(dirname(file), item.video.path);
    if (path !== null && !clips.has(path)) clips.set(path, sampleFrames(path, plan));
    asked.push({ item, frames: path === null ? null : await (clips.get(path) as Promise<SampledVideo>) });
  }
  return asked;
}

async function prepare(model: VideoLlm, asked: readonly AskedItem[], alarmTokens: boolean): Promise<PreparedSample[]> {
  const samples: PreparedSample[] = [];
  for (const { item, frames } of asked) {
    const visual = frames && (await model.encodeVideo(frames, { lazy: true }));
    const prompt = model.preparePrompt({ messages: [{ role: "user", content: item.query }], visual, alarmTokens });
    samples.push(model.prepareSample({ prompt, labels: item.labels }));
  }
  return samples;
}

/** What a checkpoint refuses by itself; alarm tokens are placed where it has trained ones. */
async function ownRates(directory: string, asked: readonly AskedItem[]): Promise<RefusalRates> {
  const model = await loadVideoLlm(directory, { memoryPattern: false });
  const alarmTokens = model.tensors.get("visual_alarm_tokens")?.data.some((value) => value !== 0) ?? false;
  const samples = await prepare(model, asked, alarmTokens);
  const isRefusal = (text: string): boolean => classifyRefusal(text).stance === "refusal";
  const refused = await answersRefuse(model, samples, isRefusal, 48);
  await model.dispose();
  return refusalRates(
    refused,
    samples.map(({ labels }) => labels),
  );
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const harmful = ({ labels }: AlarmReadings): number[] => labels.map(({ textual }) => textual ?? 0);

/** DSR over all harmful queries of the items, as the guard's curve counts it. */
function pointOf({ hh, sh, frr }: RefusalRates, { labels }: AlarmReadings): { dsr: number; frr: number } {
  const queries = labels.filter(({ textual }) => textual === 1);
  const share = queries.filter(({ visual }) => visual === 1).length / queries.length;
  return { dsr: share * hh + (1 - share) * sh, frr };
}

function guardSummary(readings: AlarmReadings, trials: readonly CalibrationTrial[], targetFrr: number): string {
  const mean = (of: (trial: CalibrationTrial) => number): string =>
    percent(trials.reduce((sum, trial) => sum + of(trial), 0) / trials.length);
  const area = (key: "visual" | "textual"): string =>
    auc(
      readings[`${key}Logits`],
      readings.labels.map((label) => label[key] ?? 0),
    ).toFixed(3);
  const above = trials.filter(({ frr }) => frr > targetFrr).length;
  const most = percent(Math.max(...trials.map(({ frr }) => frr)));
  const atTarget = bestDsrAtFrr(rocCurve(readings.textualLogits, harmful(readings)), targetFrr);
  return [
    `${readings.labels.length} items; AUC visual ${area("visual")}, textual ${area("textual")}`,
    `mean of ${trials.length} calibrations: HH ${mean((t) => t.hh)}, SH ${mean((t) => t.sh)} refused, FRR ${mean((t) => t.frr)} (most ${most}, above the target in ${above})`,
    `guard's frontier: DSR ${percent(atTarget.dsr)} at an FRR of at most ${percent(targetFrr)}`,
  ].join("\n");
}

function compareSummary({ name, rates }: { name: string; rates: RefusalRates }, readings: AlarmReadings): string {
  const own = pointOf(rates, readings);
  const guard = leastFrrAtDsr(rocCurve(readings.textualLogits, harmful(readings)), own.dsr);
  return `${name} by itself: HH ${percent(rates.hh)}, SH ${percent(rates.sh)}, FRR ${percent(own.frr)}; the guard at its DSR ${percent(own.dsr)}: FRR ${percent(guard.frr)}`;
}
