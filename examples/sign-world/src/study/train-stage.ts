import {
  type AtSftConfigInput,
  STAGE_1_ALARM_AR,
  STAGE_2_AT_SFT,
  STAGE_3_COT,
  trainAtSft,
} from "@videosafety/alarm-tokens/train";
import { grpoPreset } from "@videosafety/grpo";
import { trainGrpo } from "@videosafety/grpo/train";
import { accuracyReward, formatReward } from "@videosafety/rewards";
import { formatTaggedCompletion } from "@videosafety/safety-data";
import type { PreparedPrompt, PreparedSample, VideoLlm, VisualFeatures } from "@videosafety/video-llm";
import { encodeFrames } from "../base/encode-frames.js";
import { fill } from "../languages/phrases.js";
import { type ComposedClip, type ComposedSample, composedLabels } from "../records/composed-set.js";
import { composedCompletion, THINK_FIRST } from "../records/sight.js";
import { SAMPLED_FRAMES } from "../scenes/canvas.js";
import { renderComposedScene } from "../scenes/composed-scene.js";
import type { StageSpec } from "./arms.js";
import { STAGE_SETTINGS } from "./stage-settings.js";
import type { StudySets } from "./study-sets.js";

/** How a sample is asked. */
export interface PromptShape {
  readonly alarmTokens: boolean;
  /** Asked for a reasoning before the answer. */
  readonly thinks: boolean;
  /** Shown the first frame only. */
  readonly still?: boolean;
  /** Both classifiers read the last token instead of alarm tokens. */
  readonly readout?: "last-token" | undefined;
}

/** Features of rendered clips, each encoded once: the vision encoder is frozen in every stage. */
export class RenderedFeatures {
  readonly #kept = new Map<string, Promise<VisualFeatures>>();

  constructor(readonly model: VideoLlm) {}

  /** Features of a clip, or of its first sampled frame over and over. */
  of({ path, scene }: ComposedClip, still = false): Promise<VisualFeatures> {
    const key = still ? `still ${path}` : path;
    let features = this.#kept.get(key);
    if (features === undefined) {
      const frames = still ? SAMPLED_FRAMES.map(() => SAMPLED_FRAMES[0] as number) : SAMPLED_FRAMES;
      features = encodeFrames(this.model, renderComposedScene(scene, frames));
      this.#kept.set(key, features);
    }
    return features;
  }

  /** A sample's prompt; `thinks` asks for a reasoning before the answer. */
  async prompt(
    { clip, query }: Pick<ComposedSample, "clip" | "query">,
    { alarmTokens, thinks, still = false, readout }: PromptShape,
  ): Promise<PreparedPrompt> {
    const visual = clip === null ? null : await this.of(clip, still);
    const content = thinks ? query + THINK_FIRST : query;
    const prompt = this.model.preparePrompt({ messages: [{ role: "user", content }], visual, alarmTokens });
    if (readout === undefined) return prompt;
    const last = prompt.tokenIds.length - 1;
    return { ...prompt, alarmPositions: { visual: last, textual: last } };
  }
}

/** One measurement of a training, kept with the results. */
export interface TrainingRow {
  /** Step or rollout, from 1. */
  readonly step: number;
  /** Loss of stages 1 to 3, mean reward of stage 4. */
  readonly value: number;
  /** Share of groups without reward variance; stage 4 only. */
  readonly deadGroups?: number;
}

/** Trains a stage in place; the seed orders records and rollouts. */
export async function trainStage(
  features: RenderedFeatures,
  spec: StageSpec,
  sets: StudySets,
  seed: number,
): Promise<TrainingRow[]> {
  return spec.stage === 4 ? trainGrpoStage(features, spec, sets, seed) : trainAtSftStage(features, spec, sets, seed);
}

/** The completion to learn: as a plain answer, or tagged, with or without the reasoning. */
function completionOf(sample: ComposedSample, spec: StageSpec): string {
  if (spec.stage < 3) return sample.answer;
  if ("reasoning" in spec && spec.reasoning) return composedCompletion(sample);
  const { visual, textual } = composedLabels(sample);
  return formatTaggedCompletion({ think: "", answer: fill(sample.answer, {}), vidType: visual, textType: textual });
}

async function trainAtSftStage(
  features: RenderedFeatures,
  spec: Exclude<StageSpec, { stage: 4 }>,
  sets: StudySets,
  seed: number,
): Promise<TrainingRow[]> {
  const records = spec.stage === 3 ? sets.chainOfThought : sets.finetuning;
  const samples: PreparedSample[] = [];
  for (const record of records) {
    const shown = spec.clips || record.harm === null ? record : { ...record, clip: null };
    const readout = spec.stage === 2 ? spec.readout : undefined;
    const prompt = await features.prompt(shown, { alarmTokens: spec.alarmTokens, thinks: spec.stage === 3, readout });
    const labels = composedLabels(shown);
    samples.push(features.model.prepareSample({ prompt, completion: completionOf(shown, spec), labels }));
  }
  const rows: TrainingRow[] = [];
  for await (const { step, loss } of trainAtSftOn(features.model, samples, spec, seed))
    rows.push({ step, value: loss });
  return rows;
}

/** Trains one of the stages 1 to 3 on prepared samples, in place; yields its steps. */
export async function* trainAtSftOn(
  model: VideoLlm,
  samples: readonly PreparedSample[],
  spec: Exclude<StageSpec, { stage: 4 }>,
  seed: number,
) {
  for await (const event of trainAtSft({
    model,
    data: {
      sources: { world: samples },
      describe: ({ prompt, completionIds, labels }) => ({
        assistantTokens: completionIds.length,
        sequenceTokens: prompt.tokenIds.length + completionIds.length,
        labels,
      }),
    },
    config: { ...atSftConfig(spec), seed, perDeviceTrainBatchSize: 8, maxGradNorm: 1 },
  }))
    if (event.type === "step") yield event;
}

function atSftConfig(spec: Exclude<StageSpec, { stage: 4 }>): AtSftConfigInput {
  if (spec.stage === 3) {
    const { epochs, batchSize, learningRate } = STAGE_SETTINGS.stage3;
    return { ...STAGE_3_COT, numTrainEpochs: epochs, batchSize, learningRates: { llm: learningRate } };
  }
  const { batchSize, learningRate, alarmLearningRate } = STAGE_SETTINGS[spec.stage === 1 ? "stage1" : "stage2"];
  const { epochs, lambdaVisual, lambdaTextual, readout } = spec;
  const shared = { numTrainEpochs: epochs, batchSize, lambdaVisual, lambdaTextual };
  const llm = { llm: learningRate };
  if (readout !== undefined)
    return { ...STAGE_2_AT_SFT, ...shared, learningRates: { ...llm, classifiers: alarmLearningRate } };
  if (!spec.alarmTokens) return { ...STAGE_1_ALARM_AR, ...shared, learningRates: llm };
  if (spec.stage === 1)
    return { ...STAGE_1_ALARM_AR, ...shared, learningRates: { ...llm, alarmTokens: alarmLearningRate } };
  const learningRates = { ...llm, alarmTokens: alarmLearningRate, classifiers: alarmLearningRate };
  return { ...STAGE_2_AT_SFT, ...shared, learningRates };
}

async function trainGrpoStage(
  features: RenderedFeatures,
  spec: Extract<StageSpec, { stage: 4 }>,
  sets: StudySets,
  seed: number,
): Promise<TrainingRow[]> {
  const { steps, promptsPerStep, learningRate } = STAGE_SETTINGS.stage4;
  const data = [];
  for (const record of sets.reinforcement)
    data.push({
      prompt: await features.prompt(record, { alarmTokens: spec.alarmTokens, thinks: true }),
      solution: completionOf(record, spec),
      problemType: "free-form-and-choice" as const,
    });
  const rows: TrainingRow[] = [];
  for await (const event of trainGrpo<PreparedPrompt, (typeof data)[number]>({
    policy: features.model.policy({ groups: ["llm"] }),
    data,
    rewards: { format: formatReward(), accuracy: accuracyReward({ tokenizer: "unicode", dra: spec.dra }) },
    config: {
      ...grpoPreset("vsr1"),
      seed,
      maxSteps: steps,
      promptsPerRollout: promptsPerStep,
      numGenerations: spec.numGenerations,
      maxCompletionLength: STAGE_SETTINGS.maxNewTokens,
      learningRate,
      lrSchedulerType: "cosine",
      perDeviceTrainBatchSize: spec.numGenerations,
      beta: spec.beta,
    },
  }))
    if (event.type === "rewards")
      rows.push({ step: event.rollout + 1, value: event.total.mean, deadGroups: event.zeroVariance.total });
  return rows;
}
