import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isWellFormedCompletion } from "@videosafety/safety-data";
import { replaceFile } from "@videosafety/safety-data/node";
import { loadVideoLlm, saveVideoLlm } from "@videosafety/video-llm";
import { splitCompletion } from "@videosafety/vsb-eval/judge";
import { cpuFeatures } from "@videosafety/vsb-eval/node";
import { answersTo, behaviourOf } from "../base/composed-evaluation.js";
import { hashOfWeights } from "../base/record-training-node.js";
import { type ComposedSample, composedLabels } from "../records/composed-set.js";
import { TOPICS } from "../records/novelty.js";
import { harmInWords } from "../records/sight.js";
import { type AnswerRow, type ArmResults, writeResults } from "./arm-results-node.js";
import { type Arm, hasAlarmTokens, type Reader, thinksFirst } from "./arms.js";
import { behaviourOfDecision, readerOf } from "./read-arm.js";
import { STAGE_SETTINGS } from "./stage-settings.js";
import type { Draw, StudySets, StudySizes } from "./study-sets.js";
import { RenderedFeatures, type TrainingRow, trainStage } from "./train-stage.js";

/** Where and how an arm runs. */
export interface ArmContext {
  readonly seed: number;
  readonly draw: Draw;
  readonly sizes: StudySizes;
  readonly sets: StudySets;
  /** Model directory of the seed's base. */
  readonly base: string;
  /** Checkpoints of stages, shared by arms that begin alike; a stage that was trained before is loaded. */
  readonly models: string;
  /** Results files. */
  readonly results: string;
  /** Threads of the engine; undefined is one per core. */
  readonly threads?: number;
  /** Progress. */
  readonly say: (line: string) => void;
}

/** Trains what is missing of an arm and scores it. */
export async function runArm(arm: Arm, context: ArmContext): Promise<string> {
  if (arm.reader !== undefined) return runReader(arm, arm.reader, context);
  return withTrainedArm(arm, context, async ({ features, training, base }) => {
    const started = performance.now();
    const answers = await answerAll(features, context.sets.heldOut, arm);
    const file = await keep(arm, context, { base, training, answers });
    context.say(`${arm.name}: scored in ${seconds(started)} s, ${file}`);
    return file;
  });
}

/** An arm's model after its last stage. */
export interface TrainedArm {
  readonly features: RenderedFeatures;
  /** Losses and rewards of the last stage. */
  readonly training: readonly TrainingRow[];
  /** SHA-256 of the base's weights. */
  readonly base: string;
}

/** Trains what is missing of an arm, and lends its model to some work. */
export async function withTrainedArm<T>(
  arm: Arm,
  context: Pick<ArmContext, "seed" | "sizes" | "sets" | "base" | "models" | "threads" | "say">,
  work: (trained: TrainedArm) => Promise<T>,
): Promise<T> {
  const { base, models, say } = context;
  const runtime = { memoryPattern: false, ...(context.threads === undefined ? {} : { threads: context.threads }) };
  const weights = hashOfWeights(base);
  const folders = arm.stages.map((_, i) => join(models, stageKey(arm, i, context, weights)));
  const trained = folders.findLastIndex((folder) => existsSync(join(folder, ROWS)));
  const model = await loadVideoLlm(trained < 0 ? base : (folders[trained] as string), runtime);
  try {
    const features = new RenderedFeatures(model);
    let training: TrainingRow[] = trained < 0 ? [] : readRows(folders[trained] as string);
    for (const [i, spec] of arm.stages.entries()) {
      if (i <= trained) continue;
      const started = performance.now();
      training = await trainStage(features, spec, context.sets, context.seed);
      const folder = folders[i] as string;
      await saveVideoLlm(model, folder);
      // Written last: a folder without it is trained again.
      await replaceFile(join(folder, ROWS), JSON.stringify(training));
      const last = training.at(-1);
      say(`${arm.name}: stage ${spec.stage} in ${seconds(started)} s, last ${last?.value.toFixed(3)}`);
    }
    return await work({ features, training, base: weights });
  } finally {
    await model.dispose();
  }
}

/** Scores a reader that is no model. */
async function runReader(arm: Arm, name: Reader, context: ArmContext): Promise<string> {
  const started = performance.now();
  const refuses = readerOf(name, context.sets);
  const answers = askedOf(context.sets.heldOut).map(({ sample, withClip }) => {
    const behaviour = behaviourOfDecision(sample, refuses(withClip ? sample : { ...sample, clip: null }));
    return { ...answerRow(sample, withClip, ""), behaviour, keyed: false };
  });
  const file = await keep(arm, context, { base: null, training: [], answers });
  context.say(`${arm.name}: scored in ${seconds(started)} s, ${file}`);
  return file;
}

/** All that an arm's results depend on beside seed, draw and base. */
export const settingsOf = ({ stages, view, reader }: Arm, sizes: StudySizes) => ({
  stages,
  view: view ?? null,
  reader: reader ?? null,
  sizes,
  common: STAGE_SETTINGS,
});

function keep(
  arm: Arm,
  { seed, draw, sizes, results }: ArmContext,
  measured: Pick<ArmResults, "base" | "training" | "answers">,
): Promise<string> {
  return writeResults(results, {
    arm: arm.name,
    seed,
    draw,
    settings: settingsOf(arm, sizes),
    environment: { node: process.version, cpuFeatures: cpuFeatures() },
    ...measured,
  });
}

const seconds = (started: number): string => ((performance.now() - started) / 1000).toFixed(0);

/** Names a checkpoint by all that it depends on. */
function stageKey(
  { stages }: Arm,
  last: number,
  { seed, sizes }: Pick<ArmContext, "seed" | "sizes">,
  weights: string,
): string {
  const { heldOutClips: _, ...training } = sizes;
  const specs = stages.slice(0, last + 1);
  const settings = specs.map(({ stage }) => STAGE_SETTINGS[`stage${stage}`]);
  const rollouts = specs.at(-1)?.stage === 4 ? STAGE_SETTINGS.maxNewTokens : null;
  const chain = JSON.stringify([seed, weights, training, settings, rollouts, specs]);
  return `stage-${stages[last]?.stage}-${createHash("sha256").update(chain).digest("hex").slice(0, 12)}`;
}

const ROWS = "training.rows.json";
const readRows = (folder: string): TrainingRow[] => JSON.parse(readFileSync(join(folder, ROWS), "utf8"));

/** What is asked: everything with its clip, and harmful requests without it as well. */
const askedOf = (samples: readonly ComposedSample[]) => [
  ...samples.map((sample) => ({ sample, withClip: sample.clip !== null })),
  ...samples.filter(({ family }) => family === "H").map((sample) => ({ sample, withClip: false })),
];

/** Asks a model. */
async function answerAll(
  features: RenderedFeatures,
  samples: readonly ComposedSample[],
  arm: Arm,
): Promise<AnswerRow[]> {
  const asked = askedOf(samples);
  const prompts = [];
  for (const { sample, withClip } of asked) {
    const { query } = sample;
    const clip = withClip ? clipShown(sample, samples, arm.view) : null;
    prompts.push(
      await features.prompt(
        { query, clip },
        { alarmTokens: hasAlarmTokens(arm), thinks: thinksFirst(arm), still: arm.view === "still" },
      ),
    );
  }
  const texts = await answersTo(features.model, prompts, STAGE_SETTINGS.maxNewTokens);
  return asked.map(({ sample, withClip }, i) => answerRow(sample, withClip, texts[i] as string));
}

/** The clip that is shown with a query: its own, unless a control puts another, or none, in its place. */
function clipShown(
  sample: ComposedSample,
  samples: readonly ComposedSample[],
  view: Arm["view"],
): ComposedSample["clip"] {
  if (view === "no-clip") return null;
  if (view !== "other-clip") return sample.clip;
  const at = samples.indexOf(sample);
  for (let step = 1; step < samples.length; step++) {
    const { clip } = samples[(at + step) % samples.length] as ComposedSample;
    if (clip !== null && clip !== sample.clip) return clip;
  }
  throw new RangeError("expected a second clip to show instead, found one");
}

function answerRow(sample: ComposedSample, withClip: boolean, text: string): AnswerRow {
  const { answer, think } = splitCompletion(text);
  const { visual, textual } = composedLabels(withClip ? sample : { ...sample, clip: null });
  return {
    id: sample.id,
    outcome: sample.outcome,
    family: sample.family,
    language: sample.language,
    production: sample.production,
    cluster: sample.pair?.replace(/-\d$/, "") ?? sample.clip?.path ?? null,
    pair: sample.pair,
    novelty: sample.novelty,
    question: sample.question,
    category: sample.harm === null ? null : (TOPICS[sample.harm]?.category.id ?? null),
    visual,
    textual,
    withClip,
    ...behaviourOf(sample, answer),
    topicInReasoning:
      think === null || sample.harm === null ? null : think.includes(harmInWords(sample.harm, sample.language)),
    wellFormed: isWellFormedCompletion(text.trim()),
  };
}
