import { GrpoConfigError } from "../errors.js";
import type { GrpoOptions } from "./train-config.js";

/** Recipes by name, as option sets to spread: `{ ...grpoPreset("vsr1"), maxSteps: 100 }`. */
export const GRPO_PRESETS = {
  /** TRL 1.13's GRPOConfig: token-level DAPO loss over the whole update, no KL, bias-corrected when beta is raised. */
  trl: {
    lossType: "dapo",
    scaleRewards: "group",
    scaleEpsilon: 1e-4,
    epsilon: 0.2,
    beta: 0,
    useBiasCorrectionKl: true,
    numGenerations: 8,
    maxCompletionLength: 512,
    learningRate: 1e-6,
    maxGradNorm: 1,
  },
  /** verl's GRPO example: vanilla clip with dual clip 3, token mean, k3 with both of verl's clamps, std + 1e-6. */
  verl: {
    lossType: "dapo",
    aggregation: "token_mean",
    scaleRewards: "group",
    scaleEpsilon: 1e-6,
    singletonAdvantage: "reward",
    epsilon: 0.2,
    dualClip: 3,
    logRatioClamp: 20,
    beta: 0.001,
    klEstimator: "k3",
    klLogRatioClamp: 20,
    klValueClamp: 10,
    useBiasCorrectionKl: false,
    learningRate: 1e-6,
    maxGradNorm: 1,
    weightDecay: 0.01,
  },
  /** OpenRLHF's group_norm: std + 1e-9, clipped loss averaged over tokens, k2 as a loss term. */
  openrlhf: {
    lossType: "dapo",
    aggregation: "token_mean",
    scaleRewards: "group",
    scaleEpsilon: 1e-9,
    epsilon: 0.2,
    beta: 0.01,
    klEstimator: "k2",
    useBiasCorrectionKl: false,
    learningRate: 1e-6,
    maxGradNorm: 1,
  },
  /**
   * VideoSafety-R1's stage 4: stage4_grpo.sh and grpo_trainer.py at 7589dea on 8 GPUs with one prompt each. `topK` 50 stands nowhere in
   * their code: it is the default of the transformers GenerationConfig that they make (4.46.3).
   */
  vsr1: {
    lossType: "grpo",
    scaleRewards: "group",
    scaleEpsilon: 1e-4,
    numTrainEpochs: 1,
    promptsPerRollout: 8,
    numGenerations: 6,
    epsilon: 0.2,
    beta: 0.04,
    klEstimator: "k3",
    klLogRatioClamp: 10,
    useBiasCorrectionKl: false,
    maxCompletionLength: 768,
    temperature: 1,
    topP: 0.95,
    topK: 50,
    learningRate: 1e-6,
    lrSchedulerType: "cosine",
    warmupRatio: 0.03,
    weightDecay: 0.01,
    maxGradNorm: 5,
    saveSteps: 200,
  },
} as const satisfies Record<string, GrpoOptions>;

/** Name of a preset. */
export type GrpoPreset = keyof typeof GRPO_PRESETS;

/** The options of a preset, to be spread and overridden. @throws GrpoConfigError on an unknown name */
export function grpoPreset(name: GrpoPreset): GrpoOptions {
  if (!Object.hasOwn(GRPO_PRESETS, name))
    throw new GrpoConfigError(`there is no preset "${name}"; known: ${Object.keys(GRPO_PRESETS).join(", ")}`);
  return { ...GRPO_PRESETS[name] };
}
