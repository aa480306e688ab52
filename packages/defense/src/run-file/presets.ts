import {
  type AtSftConfigInput,
  AUTHORS_MIXTURE,
  STAGE_1_ALARM_AR,
  STAGE_2_AT_SFT,
  STAGE_3_COT,
} from "@videosafety/alarm-tokens/train";
import { GRPO_PRESETS, type GrpoOptions } from "@videosafety/grpo";
import type { PRESET_NAMES } from "./run-schema.js";

type PresetName = (typeof PRESET_NAMES)[number];
/** A run file in which anything may be missing, as it stands before a user's own is put over it. */
export type PartialRunFile = Record<string, unknown> & { readonly stages?: readonly Record<string, unknown>[] };

/** The authors' settings of each stage, by number; every run starts from them. */
export const STAGE_DEFAULTS: Readonly<Record<1 | 2 | 3, AtSftConfigInput>> & { readonly 4: GrpoOptions } = {
  1: STAGE_1_ALARM_AR,
  2: STAGE_2_AT_SFT,
  3: STAGE_3_COT,
  4: GRPO_PRESETS.vsr1,
};

/** Rates that suit adapters and small models: the authors' 1e-6 is for all weights of a model of two billion parameters. */
function ratesOf(stage: 1 | 2 | 3, learningRate: number, alarm: number): Record<string, unknown> {
  const usual = STAGE_DEFAULTS[stage].learningRates;
  const groups = (["alarmTokens", "classifiers"] as const).filter((group) => usual[group] !== undefined);
  return { learningRate, learningRates: Object.fromEntries(groups.map((group) => [group, alarm])) };
}

const ADAPTERS = { batchSize: 8, perDeviceTrainBatchSize: 2, maxGradNorm: 1 };
const SMALL = { batchSize: 16, perDeviceTrainBatchSize: 8, maxGradNorm: 1 };

/**
 * Settings to start from. What a stage does not say here is the authors' (`STAGE_DEFAULTS`).
 *
 * - `vsr1`: VideoLLaMA3-2B as the authors train it (Emiya-syw/VideoSafety-R1 at 7589dea). Each number with its source is in
 *   docs/paper/defense.md. The sources are named `vst-sft`, `vcg-plus`, `llava-sft` (stages 1 and 2), `vst-cot` (3) and `vst-rl` (4).
 * - `lora-cpu`: adapters on a base of 4 bits, few and small frames: what a CPU can do with a real model.
 * - `demo`: for models of a million parameters, all weights trained, in minutes.
 */
export const PRESETS: Readonly<Record<PresetName, PartialRunFile>> = {
  vsr1: {
    model: { source: "DAMO-NLP-SG/VideoLLaMA3-2B" },
    frames: { fps: 1, maxFrames: 90, maxVisualTokens: 5120 },
    maxLength: 8192,
    stages: [
      { stage: 1, sources: ["vst-sft", "vcg-plus", "llava-sft"], mixture: AUTHORS_MIXTURE },
      { stage: 2, sources: ["vst-sft", "vcg-plus", "llava-sft"], mixture: AUTHORS_MIXTURE },
      { stage: 3, sources: ["vst-cot"] },
      { stage: 4, sources: ["vst-rl"] },
    ],
    rewards: { compat: "vsr1" },
  },
  "lora-cpu": {
    model: { precision: "int4", lora: { rank: 16, alpha: 32 } },
    frames: { fps: 1, maxFrames: 8, maxVisualTokens: 512 },
    maxLength: 2048,
    stages: [
      { stage: 1, ...ratesOf(1, 2e-4, 1e-3), ...ADAPTERS },
      { stage: 2, ...ratesOf(2, 2e-4, 1e-3), ...ADAPTERS },
      { stage: 3, ...ratesOf(3, 2e-4, 1e-3), ...ADAPTERS },
      {
        ...{ stage: 4, learningRate: 1e-4, promptsPerRollout: 2, numGenerations: 4, maxCompletionLength: 192 },
        ...{ perDeviceTrainBatchSize: 2, topP: 1, topK: 0, maxGradNorm: 1 },
      },
    ],
    saveSteps: 10,
  },
  demo: {
    frames: { fps: 1, maxFrames: 6 },
    stages: [
      { stage: 1, ...ratesOf(1, 5e-4, 5e-3), ...SMALL },
      { stage: 2, ...ratesOf(2, 5e-4, 5e-3), ...SMALL, numTrainEpochs: 2, lambdaVisual: 0.1, lambdaTextual: 1 },
      { stage: 3, ...ratesOf(3, 2e-3, 5e-3), ...SMALL, numTrainEpochs: 2 },
      {
        ...{
          stage: 4,
          prompt: "plain",
          learningRate: 1e-4,
          maxSteps: 20,
          promptsPerRollout: 8,
          maxCompletionLength: 96,
        },
        ...{ perDeviceTrainBatchSize: 6, saveSteps: 7 },
      },
    ],
    rewards: { tokenizer: "unicode" },
    saveSteps: 20,
  },
};
