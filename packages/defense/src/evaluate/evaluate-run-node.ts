import { isAbsolute, join } from "node:path";
import type { EvalItem } from "@videosafety/safety-data";
import {
  createLocalResponder,
  type EvaluatedRun,
  type FrameSource,
  type Judge,
  loadRun,
  type Responder,
  runEvaluation,
} from "@videosafety/vsb-eval";
import { JsonlFileStore, loadItems, openJudge, videoFrames } from "@videosafety/vsb-eval/node";
import { DefenseError } from "../errors.js";
import { FeatureStore } from "../features/feature-store-node.js";
import { openCheckpoint } from "../model/open-checkpoint-node.js";
import { SourceReader } from "../records/read-source-node.js";
import type { TrainingItem } from "../records/training-item.js";
import { defined, featureDiskOf, framesOf } from "../run-file/frames-of.js";
import { resolveStages } from "../run-file/resolve-stages.js";
import type { RunFile } from "../run-file/run-schema.js";
import { checkMade, readRunRecord } from "../train/run-folder-node.js";
import { baselineResponders } from "./baselines-node.js";
import type { RunCheckpoint } from "./run-checkpoints-node.js";

type Evaluation = NonNullable<RunFile["evaluation"]>;

/** How far an evaluation is. */
export type EvaluateEvent =
  | { readonly type: "progress"; readonly name: string; readonly done: number; readonly total: number }
  | {
      readonly type: "evaluated";
      readonly run: EvaluatedRun;
      /** Answers to the probes; of a checkpoint only, and empty without probes. */
      readonly probes: EvaluatedRun["units"];
      /** Whether it is a checkpoint of the run; false for a reader that is no model. */
      readonly checkpoint: boolean;
    };

/** The items of a run's evaluation, with their media where they are. */
export interface OpenedEvaluation {
  readonly evaluation: Evaluation;
  readonly items: readonly EvalItem[];
  /** Items for the scorers alone. */
  readonly probes: readonly EvalItem[];
  readonly judge: Judge;
}

/** Reads items and opens the judge. @throws DefenseError `invalid-run-file` without an evaluation in the run file */
export async function openEvaluation(run: RunFile): Promise<OpenedEvaluation> {
  const { evaluation } = run;
  if (evaluation === undefined)
    throw new DefenseError(
      "invalid-run-file",
      "expected evaluation.items in the run file, held-out items of vsb-eval, found none: add evaluation",
    );
  const items = await itemsOf(evaluation.items, evaluation);
  const probes = evaluation.probes === undefined ? [] : await itemsOf(evaluation.probes, evaluation);
  const ids = new Set(items.map(({ id }) => id));
  const twice = probes.find(({ id }) => ids.has(id));
  if (twice !== undefined)
    throw new DefenseError(
      "invalid-input",
      `${evaluation.probes}: expected ids that no item of ${evaluation.items} has, found ${twice.id} in both`,
    );
  const [judge = { kind: "rules" } as const, ...more] = evaluation.judges;
  if (more.length > 0)
    throw new DefenseError(
      "invalid-run-file",
      `evaluation.judges: expected one judge, found ${more.length + 1}; combine them as kind vote, or judge again with vsb-eval judge`,
    );
  return { evaluation, items, probes, judge: await openJudge(judge) };
}

async function itemsOf(file: string, { format, limit, root }: Evaluation): Promise<EvalItem[]> {
  const all = await loadItems(file, { format });
  const items = (limit === undefined ? all : all.slice(0, limit)).map((item) => atRoot(item, root));
  if (items.length === 0) throw new DefenseError("invalid-input", `${file}: expected items, found none`);
  return items;
}

const atRoot = (item: EvalItem, root: string): EvalItem =>
  item.video === null || isAbsolute(item.video.path) || /^[a-z]+:\/\//i.test(item.video.path)
    ? item
    : { ...item, video: { ...item.video, path: join(root, item.video.path) } };

/**
 * Asks every checkpoint, and readers that are no models, every item under every arm; answers and verdicts are stored as they come, so
 * that an evaluation that was stopped goes on. Checkpoints of other weights are other responders.
 */
export async function* evaluateRun(
  run: RunFile,
  checkpoints: readonly RunCheckpoint[],
  opened: OpenedEvaluation,
  signal: AbortSignal,
): AsyncGenerator<EvaluateEvent, void, void> {
  checkPrompts(run, opened.evaluation);
  let frames: FrameSource | null = null;
  for (const { name, source } of checkpoints)
    if (name !== "base") await checkMade(run.out, readRunRecord(run.out), source);
  for (const checkpoint of checkpoints) {
    const { name } = checkpoint;
    const { model, features, alarmTokens, questionPrompt, hash, close } = await openWithFeatures(
      run,
      checkpoint,
      signal,
    );
    try {
      frames ??= videoFrames({ plan: features.plan });
      const responder = createLocalResponder({
        id: `videosafety/${name}@${hash.slice(0, 16)}`,
        model,
        featuresOf: (video) => features.ofVideo(video, { signal }),
        alarmTokens,
        questionPrompt: opened.evaluation.prompts[name] ?? questionPrompt,
      });
      const asked = yield* ask(run, name, responder, opened, frames, signal);
      const probed =
        opened.probes.length === 0
          ? []
          : (yield* ask(run, `${name}, probes`, responder, { ...opened, items: opened.probes }, frames, signal)).units;
      yield { type: "evaluated", run: asked, probes: probed, checkpoint: true };
    } finally {
      await close();
    }
  }
  if (!opened.evaluation.baselines) return;
  const base = await openWithFeatures(run, { name: "base", source: run.model.source }, signal);
  try {
    frames ??= videoFrames({ plan: base.features.plan });
    const items = await trainingItems(run, signal);
    for (const [name, responder] of await baselineResponders(items, base.features, base.hash, signal)) {
      const asked = yield* ask(run, name, responder, opened, frames, signal);
      yield { type: "evaluated", run: asked, probes: [], checkpoint: false };
    }
  } finally {
    await base.close();
  }
}

const PAPER_STAGES = [1, 2, 3, 4].map((stage) => `stage-${stage}`);

function checkPrompts(run: RunFile, { prompts }: Evaluation): void {
  // Prompts of stages that a run of some stages leaves out are no mistake.
  const names = [...new Set(["base", ...PAPER_STAGES, ...resolveStages(run).map(({ name }) => name)])];
  const unknown = Object.keys(prompts).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new DefenseError(
      "invalid-run-file",
      `evaluation.prompts: expected checkpoints of the run (${names.join(", ")}), found ${unknown}`,
    );
}

/** Opens a checkpoint as the run has it, with the features of what it is shown. */
async function openWithFeatures(run: RunFile, { name, source }: RunCheckpoint, signal: AbortSignal) {
  const { providers, threads, revision, adapter, precision } = run.model;
  const opened = await openCheckpoint(source, {
    ...{ providers, signal, seed: run.seed, precision, frames: framesOf(run) },
    ...defined({ threads, revision, adapter: name === "base" ? adapter : undefined }),
  });
  const { model, frames: limits } = opened;
  const features = await FeatureStore.open(model, { frames: limits, disk: featureDiskOf(run), providers });
  const close = async (): Promise<void> => {
    await features.close();
    await model.dispose();
  };
  return { ...opened, features, close };
}

async function* ask(
  run: RunFile,
  name: string,
  responder: Responder,
  { evaluation, items, judge }: Omit<OpenedEvaluation, "probes">,
  frames: FrameSource | null,
  signal: AbortSignal,
): AsyncGenerator<EvaluateEvent, EvaluatedRun, void> {
  const { arms, epochs, generation, truncated, comprehension, judgeThink, batchSize } = evaluation;
  const store = await JsonlFileStore.open(join(run.out, "evaluation", name.replace(/[^a-z0-9.-]+/gi, "-")));
  let id: string | undefined;
  try {
    for await (const event of runEvaluation({
      ...{ items, responder, arms, judge, store, sampling: frames, generation, epochs, truncated, comprehension },
      ...{ judgeThink, batchSize, signal },
    })) {
      if (event.type === "start") id = event.run;
      if (event.type === "progress") yield { type: "progress", name, done: event.done, total: event.total };
    }
    const told = { name, seed: run.seed, responder: responder.id, judge: judge.id, items, arms, epochs, truncated };
    return loadRun(store, { ...told, ...(id === undefined ? {} : { run: id }) });
  } finally {
    await store.close();
  }
}

/** All training items of a run; what is wrong with them the training says. */
async function trainingItems(run: RunFile, signal: AbortSignal): Promise<TrainingItem[]> {
  const reader = new SourceReader();
  const items: TrainingItem[] = [];
  for (const [name, source] of Object.entries(run.data))
    items.push(...(await reader.read(name, { ...source, onBadRecord: "skip" }, { signal })).items);
  return items;
}
