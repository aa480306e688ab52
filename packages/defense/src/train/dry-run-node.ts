import { readFile } from "node:fs/promises";
import type { PreparedSample } from "@videosafety/video-llm";
import { FeatureStore } from "../features/feature-store-node.js";
import { countLabels, type LabelCounts } from "../records/label-counts.js";
import type { GrpoItem, SftItem, TrainingItem } from "../records/training-item.js";
import { featureDiskOf, sampleLimitsOf } from "../run-file/frames-of.js";
import { decoderGroup, type ResolvedGrpoStage, type ResolvedSftStage } from "../run-file/resolve-stages.js";
import type { CheckedRun } from "./preflight-node.js";
import { type Preparation, prepareGrpo, prepareSft } from "./prepare-item.js";
import { openStageModel } from "./stage-model-node.js";

/** Token counts of some items. */
export interface Lengths {
  readonly mean: number;
  readonly most: number;
  /** Items that were counted. */
  readonly counted: number;
}

/** What a stage would take. */
export interface StageEstimate {
  readonly stage: string;
  readonly number: number;
  readonly steps: number;
  /** Items that are drawn at least once. */
  readonly items: number;
  readonly byLabel: LabelCounts;
  /** Media files that they show. */
  readonly media: number;
  /** Tokens of prompt and answer (stage 4: of the prompt). */
  readonly lengths: Lengths;
  /** Seconds of a step by the measured one; null where none was measured. */
  readonly secondsPerStep: number | null;
  /** Seconds to encode a media file, by those that were looked at. */
  readonly secondsPerMedia: number | null;
  /** Most memory of this process after the measured step, bytes; null where the system does not tell. */
  readonly peakBytes: number | null;
}

/** Items that are looked at, evenly spaced. */
const LOOKED_AT = 8;

/**
 * Says what each stage of a checked run would take: reads some items, and measures one forward and backward pass (stage 4: one
 * rollout of one prompt, and its update's passes). Nothing is written but the cache of features.
 *
 * @param measure false: only count
 */
export async function* estimateRun(
  checked: CheckedRun,
  measure: boolean,
  signal: AbortSignal,
): AsyncGenerator<StageEstimate, void, void> {
  const { run, stages, items } = checked;
  const [first] = stages;
  if (first === undefined) return;
  // Alarm tokens that no stage trained yet are no matter here: every stage is measured on the base.
  const opened = await openStageModel(
    { ...run, model: { ...run.model, alarmStart: run.model.alarmStart === "zeros" ? "mean" : run.model.alarmStart } },
    first,
    null,
    signal,
  );
  const { model } = opened;
  try {
    const features = await FeatureStore.open(model, {
      frames: sampleLimitsOf(run),
      disk: featureDiskOf(run),
      providers: run.model.providers,
    });
    const { alarmTokens } = run.model;
    const featuresOf: Preparation["featuresOf"] = (media) => features.ofFile(media, { signal });
    const preparation = { model, featuresOf, alarmTokens, maxLength: run.maxLength };
    for (const stage of stages) {
      const { drawn, totalSteps } = items.get(stage.name) ?? { drawn: [], totalSteps: 0 };
      const looked = spaced(drawn, LOOKED_AT);
      const encodedBefore = features.counts.encoded;
      const started = performance.now();
      const prepared =
        stage.stage === 4 ? await lookedPrompts(stage, looked, preparation) : await lookedSamples(looked, preparation);
      const encoded = features.counts.encoded - encodedBefore;
      const secondsPerMedia = encoded === 0 ? null : (performance.now() - started) / 1000 / encoded;
      const secondsPerStep = !measure
        ? null
        : stage.stage === 4
          ? await measureGrpo(stage, checked, looked as GrpoItem[], preparation, signal)
          : await measureSft(stage, prepared.samples, model, signal);
      yield {
        ...{ stage: stage.name, number: stage.stage, steps: totalSteps, items: drawn.length },
        byLabel: countLabels(drawn),
        media: new Set(drawn.flatMap(({ media }) => media.map(({ path }) => path))).size,
        lengths: lengthsOf(prepared.tokens),
        ...{ secondsPerStep, secondsPerMedia, peakBytes: await peakBytes() },
      };
    }
    await features.close();
  } finally {
    await model.dispose();
  }
}

const spaced = <T>(all: readonly T[], most: number): T[] =>
  all.filter((_, i) => Math.floor((i * most) / all.length) !== Math.floor(((i - 1) * most) / all.length) || i === 0);

const lengthsOf = (tokens: readonly number[]): Lengths => ({
  mean: tokens.reduce((a, b) => a + b, 0) / Math.max(1, tokens.length),
  most: Math.max(0, ...tokens),
  counted: tokens.length,
});

async function lookedSamples(looked: readonly TrainingItem[], preparation: Preparation) {
  const samples: PreparedSample[] = [];
  for (const item of looked) samples.push(await prepareSft(item as SftItem, preparation));
  return { samples, tokens: samples.map(({ prompt, completionIds }) => prompt.tokenIds.length + completionIds.length) };
}

async function lookedPrompts(stage: ResolvedGrpoStage, looked: readonly TrainingItem[], preparation: Preparation) {
  const tokens: number[] = [];
  for (const item of looked) tokens.push((await prepareGrpo(item as GrpoItem, preparation, stage)).tokenIds.length);
  return { samples: [] as PreparedSample[], tokens };
}

/** Seconds of work, by the second run: the first compiles. */
async function secondRun(work: () => Promise<unknown>): Promise<number> {
  await work();
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

async function measureSft(
  { config }: ResolvedSftStage,
  samples: readonly PreparedSample[],
  model: Preparation["model"],
  signal: AbortSignal,
): Promise<number> {
  const batch = samples.slice(0, Math.min(config.perDeviceTrainBatchSize, config.batchSize));
  const groups = Object.keys(config.learningRates) as Parameters<typeof model.atSftGradients>[1]["groups"];
  model.trainableParameters(groups);
  const { lambdaVisual, lambdaTextual } = config;
  const seconds = await secondRun(() => model.atSftGradients(batch, { groups, lambdaVisual, lambdaTextual, signal }));
  return (seconds * config.batchSize) / Math.max(1, batch.length);
}

/** A rollout of the longest completions for one prompt, then log-probabilities and gradients of one pass, for as many as an update has. */
async function measureGrpo(
  stage: ResolvedGrpoStage,
  { run }: CheckedRun,
  looked: readonly GrpoItem[],
  preparation: Preparation,
  signal: AbortSignal,
): Promise<number> {
  const [item] = looked;
  if (item === undefined) return 0;
  const { model } = preparation;
  const { config, reference } = stage;
  const prompt = await prepareGrpo(item, preparation, stage);
  const policy = model.policy({ groups: [decoderGroup(run)], reference });
  const tokenIds = new Int32Array(config.maxCompletionLength).fill(model.tokenizer.encode(" a")[0] ?? 0);
  const { numGenerations, maxCompletionLength, temperature, topP, topK } = config;
  const rollout = await secondRun(() =>
    policy.generate([prompt], { numGenerations, maxCompletionLength, temperature, topP, topK, seed: 1, signal }),
  );
  const perPass = Math.min(config.perDeviceTrainBatchSize ?? numGenerations, numGenerations);
  const items = Array.from({ length: perPass }, () => ({ prompt, tokenIds }));
  const derivatives = items.map(() => new Float64Array(tokenIds.length).fill(1e-3));
  const update = await secondRun(async () => {
    await policy.logProbs(items, { model: "policy", signal });
    if (config.beta > 0) await policy.logProbs(items, { model: "reference", signal });
    await policy.gradients(items, derivatives, { signal });
  });
  const prompts = config.promptsPerRollout / config.updatesPerRollout;
  return prompts * (rollout / config.numIterations + (update * numGenerations) / perPass);
}

/** Most memory that this process has had, where Linux tells it. */
async function peakBytes(): Promise<number | null> {
  const status = await readFile("/proc/self/status", "utf8").catch(() => "");
  const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}
