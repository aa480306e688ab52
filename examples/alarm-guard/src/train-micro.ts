import {
  type AtSftConfigInput,
  STAGE_1_ALARM_AR,
  STAGE_2_AT_SFT,
  type TrainingData,
  type TrainingEvent,
  trainAtSft,
} from "@videosafety/alarm-tokens/train";
import type { PreparedSample, VideoLlm } from "@videosafety/video-llm";
import { createMicroModel, prepareAll } from "./micro-model.js";
import { type MicroSample, microSamples } from "./micro-world.js";

/** How much of everything. */
export interface Amounts {
  /** Samples of the base model's training, and passes over them. */
  readonly base: { readonly samples: number; readonly epochs: number };
  /** Samples of stages 1 and 2, and passes of stage 1; stage 2 makes twice as many. */
  readonly stages: { readonly samples: number; readonly epochs: number };
  /** Samples of the stage that teaches segment alarms, half of them spliced, and passes over them. */
  readonly segments: { readonly samples: number; readonly epochs: number };
  /** Samples that calibrate the guard, and that measure it. */
  readonly held: number;
}

/** What the example runs, about 170 s of CPU time. */
export const FULL: Amounts = {
  base: { samples: 800, epochs: 4 },
  stages: { samples: 480, epochs: 3 },
  segments: { samples: 480, epochs: 6 },
  held: 800,
};

/** Hears of every event of a named stage. */
export type OnEvent = (stage: string, event: TrainingEvent) => void;

/** Batches of every stage. */
export const common = { batchSize: 16, perDeviceTrainBatchSize: 16, maxGradNorm: 1 } as const;

async function train(
  model: VideoLlm,
  stage: string,
  samples: readonly PreparedSample[],
  config: AtSftConfigInput,
  onEvent: OnEvent,
): Promise<void> {
  for await (const event of trainAtSft({ model, data: dataOf(samples), config })) onEvent(stage, event);
}

/** Samples as the trainer takes them. */
export function dataOf(samples: readonly PreparedSample[]): TrainingData<PreparedSample> {
  return {
    sources: { micro: samples },
    describe: ({ prompt, completionIds, labels }) => ({
      assistantTokens: completionIds.length,
      sequenceTokens: prompt.tokenIds.length + completionIds.length,
      labels,
    }),
  };
}

/** Stage 0: a Video LLM that answers, refuses harmful text, and complies when a clip comes with it. */
export async function trainBase(seed: number, { base }: Amounts, onEvent: OnEvent): Promise<VideoLlm> {
  const model = createMicroModel(seed);
  const samples = await prepareAll(model, microSamples(base.samples, seed, { split: "train", base: true }), false);
  const rate = 4e-3;
  const learningRates = { llm: rate, projector: rate, visionEncoder: rate };
  await train(model, "base", samples, { ...common, learningRates, numTrainEpochs: base.epochs, seed }, onEvent);
  return model;
}

/** One way of teaching safety: with or without alarm tokens, stage 1, and the heads' losses. */
export interface Recipe {
  readonly name: string;
  /** False: plain refusal training on the same data. */
  readonly alarmTokens: boolean;
  /** False: stage 2 runs half as long again instead. */
  readonly stage1: boolean;
  /** Weight of the visual head's loss in stage 2. */
  readonly lambdaVisual: number;
  /** Weight of the textual head's loss in stage 2. */
  readonly lambdaTextual: number;
}

/** The paper's recipe. */
export const PAPER: Recipe = {
  name: "the paper's: stage 1, then lambda 0.1",
  alarmTokens: true,
  stage1: true,
  lambdaVisual: 0.1,
  lambdaTextual: 0.1,
};

/** Stages 1 and 2 on a base model, in place. Every recipe sees the same samples equally often; default: the micro world's. */
export async function trainStages(
  model: VideoLlm,
  recipe: Recipe,
  seed: number,
  { stages }: Amounts,
  onEvent: OnEvent,
  drawn: readonly MicroSample[] = microSamples(stages.samples, seed + 1, { split: "train" }),
): Promise<void> {
  const samples = await prepareAll(model, drawn, recipe.alarmTokens);
  const llm = 1e-3;
  const alarm = recipe.alarmTokens ? { alarmTokens: 5e-3 } : {};
  const settings = { ...common, seed, numTrainEpochs: stages.epochs };
  if (recipe.stage1) {
    await train(
      model,
      "stage 1",
      samples,
      { ...STAGE_1_ALARM_AR, ...settings, learningRates: { llm, ...alarm } },
      onEvent,
    );
  }
  const { lambdaVisual, lambdaTextual } = recipe;
  const heads = recipe.alarmTokens && lambdaVisual + lambdaTextual > 0 ? { classifiers: 5e-3 } : {};
  const config = {
    ...STAGE_2_AT_SFT,
    ...settings,
    numTrainEpochs: (recipe.stage1 ? 2 : 3) * stages.epochs,
    learningRates: { llm, ...alarm, ...heads },
    lambdaVisual,
    lambdaTextual,
  };
  await train(model, "stage 2", samples, config, onEvent);
}
