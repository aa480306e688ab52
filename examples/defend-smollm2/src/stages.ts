import { join } from "node:path";
import { type AtSftConfigInput, STAGE_1_ALARM_AR, STAGE_2_AT_SFT, STAGE_3_COT } from "@videosafety/alarm-tokens/train";
import type { FeatureCache, PreparedSample, VideoLlm } from "@videosafety/video-llm";
import type { ComposedSample } from "sign-world";
import { runTraining, type TrainingPlace } from "./run-training-node.js";
import { completionOf, labelsOf } from "./training-sets.js";

/** What stages 1 to 3 depend on. */
export interface StageSettings {
  readonly steps: number;
  readonly batchSize: number;
  readonly loraRate: number;
  readonly alarmRate: number;
}

/** Weights of the alarm heads' losses in stage 2; the paper has 0.1 each. */
const LAMBDAS = { lambdaVisual: 0.1, lambdaTextual: 1 };

/** A sample's prompt with its clip, with alarm tokens unless told otherwise, and the completion to learn. */
export async function prepareSample(
  context: { readonly model: VideoLlm; readonly features: FeatureCache; readonly folder: string },
  sample: ComposedSample,
  { completion, alarmTokens = true }: { readonly completion: string; readonly alarmTokens?: boolean },
): Promise<PreparedSample> {
  const { model, features, folder } = context;
  const visual = sample.clip === null ? null : await features.ofFile(join(folder, "clips", sample.clip.path));
  const prompt = model.preparePrompt({ messages: [{ role: "user", content: sample.query }], visual, alarmTokens });
  return model.prepareSample({ prompt, completion, labels: labelsOf(sample) });
}

/** Trains one of the stages 1 to 3: adapters, and in the first two the alarm tokens, in the second the heads as well. */
export function trainStage(
  stage: 1 | 2 | 3,
  context: {
    readonly model: VideoLlm;
    readonly features: FeatureCache;
    readonly folder: string;
    readonly samples: readonly ComposedSample[];
    readonly seed: number;
  },
  settings: StageSettings,
  place: TrainingPlace,
) {
  const { model, samples, seed } = context;
  const { steps, batchSize, loraRate: lora, alarmRate: rate } = settings;
  const [alarms, heads] = [{ alarmTokens: rate }, { classifiers: rate }];
  const preset: AtSftConfigInput = {
    1: { ...STAGE_1_ALARM_AR, learningRates: { lora, ...alarms } },
    2: { ...STAGE_2_AT_SFT, ...LAMBDAS, learningRates: { lora, ...alarms, ...heads } },
    3: { ...STAGE_3_COT, learningRates: { lora } },
  }[stage];
  const get = (index: number): Promise<PreparedSample> => {
    const sample = samples[index] as ComposedSample;
    return prepareSample(context, sample, { completion: completionOf(sample, stage === 3) });
  };
  return runTraining(
    model,
    { length: samples.length, get, fingerprintOf: (index) => samples[index] },
    {
      ...preset,
      batchSize,
      perDeviceTrainBatchSize: batchSize,
      numTrainEpochs: Math.max(1, Math.ceil((steps * batchSize) / samples.length)),
      maxSteps: steps,
      maxGradNorm: 1,
      saveSteps: 5,
      seed: seed + stage,
    },
    place,
  );
}
