import type { AtSftConfigInput } from "./at-sft-config.js";

const common = {
  batchSize: 128,
  numTrainEpochs: 1,
  lrSchedulerType: "cosine",
  warmupRatio: 0.03,
  weightDecay: 0,
  maxGradNorm: null,
} as const satisfies Partial<AtSftConfigInput>;

/**
 * Gradients are not clipped in stages 1 to 3: the authors run them under a DeepSpeed configuration without `gradient_clipping`
 * (scripts/zero3.json), so transformers' max_grad_norm of 1 reaches nothing; stage 4's has it, at 5.
 *
 * Stage 1, alarm autoregression: language loss only, with the alarm tokens in place (the authors' settings for
 * VideoLLaMA3-2B, Emiya-syw/VideoSafety-R1 at 7589dea; combine with `AUTHORS_MIXTURE`). Models of another size want
 * other learning rates: spread the preset and override.
 */
export const STAGE_1_ALARM_AR = {
  ...common,
  learningRates: { llm: 1e-6, alarmTokens: 1e-5 },
  lambdaVisual: 0,
  lambdaTextual: 0,
} as const satisfies AtSftConfigInput;

/** Stage 2, AT-SFT: adds both heads with lambda 0.1 each; same data as stage 1. */
export const STAGE_2_AT_SFT = {
  ...common,
  learningRates: { llm: 1e-6, alarmTokens: 1e-5, classifiers: 1e-5 },
  lambdaVisual: 0.1,
  lambdaTextual: 0.1,
} as const satisfies AtSftConfigInput;

/** Stage 3, chain-of-thought cold start: language loss on the tagged completions; alarm tokens active but frozen. */
export const STAGE_3_COT = {
  ...common,
  learningRates: { llm: 1e-6 },
  lambdaVisual: 0,
  lambdaTextual: 0,
} as const satisfies AtSftConfigInput;
