import { appendFile, mkdir } from "node:fs/promises";
import { basename } from "node:path";
import { latestCheckpoint } from "@videosafety/alarm-tokens/train";
import { sampleLines } from "@videosafety/grpo/train";
import { relayEvents } from "@videosafety/vsb-eval";
import { DefenseError } from "../errors.js";
import { FeatureStore } from "../features/feature-store-node.js";
import { checkpointHash } from "../model/open-checkpoint-node.js";
import type { RunEvent } from "../progress/run-event.js";
import type { GrpoItem, SftItem, TrainingItem } from "../records/training-item.js";
import { featureDiskOf, sampleLimitsOf } from "../run-file/frames-of.js";
import { type ResolvedStage, trainsVision } from "../run-file/resolve-stages.js";
import type { CheckedRun } from "./preflight-node.js";
import { type Preparation, prepareGrpo, prepareSft } from "./prepare-item.js";
import { checkMade, type RunFolder } from "./run-folder-node.js";
import { type StageItems, stageItems } from "./stage-items.js";
import { openStageModel, saveStageModel } from "./stage-model-node.js";
import { trainGrpoStage, trainSftStage } from "./train-stage-node.js";

/** What running a checked run needs. */
export interface TrainRunOptions {
  readonly checked: CheckedRun;
  readonly folder: RunFolder;
  readonly signal: AbortSignal;
}

/**
 * Runs the stages of a run, each from the files of the one before, and yields what happens. A stage that is complete is kept; one that
 * was stopped goes on from its newest checkpoint, bit for bit.
 *
 * @throws DefenseError; what the trainers throw
 */
export async function* trainRun(options: TrainRunOptions): AsyncGenerator<RunEvent, void, void> {
  const { checked, folder } = options;
  const { stages, warnings } = checked;
  const started = performance.now();
  const names = stages.map(({ name }) => name);
  yield { type: "run-start", stages: names, resumed: stages.some(({ name }) => folder.completed(name) !== undefined) };
  for (const message of warnings) yield { type: "note", stage: null, message };
  let before: string | null = null;
  for (const stage of stages) {
    const directory = folder.file("models", stage.name);
    const kept = folder.completed(stage.name);
    if (kept !== undefined) yield { type: "stage-kept", stage: stage.name, summary: kept };
    else {
      const from: string | null = before;
      yield* relayEvents<RunEvent, void>((push) => runStage(stage, from, directory, options, push));
    }
    before = directory;
  }
  yield { type: "run-end", seconds: (performance.now() - started) / 1000 };
}

async function runStage(
  stage: ResolvedStage,
  before: string | null,
  directory: string,
  { checked, folder, signal }: TrainRunOptions,
  push: (event: RunEvent) => void,
): Promise<void> {
  const { run } = checked;
  const started = performance.now();
  const checkpoints = folder.file("checkpoints", stage.name);
  await mkdir(checkpoints, { recursive: true });
  const newest = await latestCheckpoint(checkpoints);
  const resumedAt = newest === undefined ? null : basename(newest);
  const planned = checked.items.get(stage.name)?.drawn.length ?? 0;
  push({ type: "stage-start", stage: stage.name, number: stage.stage, items: planned, resumedAt });
  await checkMade(folder.path, folder.record, before);
  const { model } = await openStageModel(run, stage, before, signal);
  try {
    const features = await FeatureStore.open(model, {
      frames: sampleLimitsOf(run),
      disk: featureDiskOf(run),
      frozen: !trainsVision(stage),
      providers: run.model.providers,
    });
    const preparation: Preparation = {
      model,
      featuresOf: (media) => features.ofFile(media, { signal }),
      alarmTokens: run.model.alarmTokens,
      maxLength: run.maxLength,
    };
    const items = await preparedItems(stage, checked, preparation, { signal, push });
    await features.close();
    const problem = features.disk?.problem;
    if (problem) push({ type: "note", stage: stage.name, message: `features: ${problem}` });
    const context = { run, model, preparation, items, checkpoints, signal, push } as const;
    const samples = folder.file(`${stage.name}.samples.jsonl`);
    const summary = await (stage.stage === 4
      ? trainGrpoStage(stage, {
          ...context,
          samples: (event) => void appendFile(samples, sampleLines(event)).catch(() => {}),
        })
      : trainSftStage(stage, context));
    await saveStageModel(run, stage, model, directory);
    folder.complete(stage.name, summary, await checkpointHash([directory]));
    push({ type: "stage-end", stage: stage.name, seconds: (performance.now() - started) / 1000, summary });
  } finally {
    await model.dispose();
  }
}

/**
 * Looks at every item once before the first step: a clip that does not decode or a prompt that is too long stops the stage here, not
 * after hours. Where the source asks for that, such an item is left out, and those that are drawn in its place are looked at.
 */
async function preparedItems(
  stage: ResolvedStage,
  { run, sources, items }: CheckedRun,
  preparation: Preparation,
  { signal, push }: { readonly signal: AbortSignal; readonly push: (event: RunEvent) => void },
): Promise<StageItems> {
  const left = new Set<TrainingItem>();
  const good = new Set<TrainingItem>();
  let current = items.get(stage.name) ?? stageItems(stage, sources);
  let told = 0;
  for (;;) {
    const before = left.size;
    for (const [i, item] of current.drawn.entries()) {
      signal.throwIfAborted();
      if (good.has(item)) continue;
      try {
        if (stage.stage === 4) await prepareGrpo(item as GrpoItem, preparation, stage);
        else await prepareSft(item as SftItem, preparation);
        good.add(item);
      } catch (error) {
        const skips = run.data[item.place.source]?.onBadRecord === "skip";
        if (!skips || !(error instanceof DefenseError && error.code === "invalid-record")) throw error;
        left.add(item);
        push({ type: "note", stage: stage.name, message: `left out: ${error.message}` });
      }
      if (performance.now() - told < 200 && i + 1 < current.drawn.length) continue;
      told = performance.now();
      push({ type: "preparing", stage: stage.name, done: i + 1, total: current.drawn.length });
    }
    if (left.size === before) return current;
    const rest = sources.map((one) => ({ ...one, items: one.items.filter((item) => !left.has(item)) }));
    current = stageItems(stage, rest);
  }
}
