import * as z from "zod";
import { advantageConfigSchema, advantageConfigShape } from "./advantage-config.js";
import { lossConfigSchema, lossConfigShape } from "./loss-config.js";
import { parseConfig } from "./parse-config.js";

const count = z.number().int().positive();
const share = z.number().min(0).max(1);

const trainConfigShape = {
  seed: z.number().int().nonnegative().default(42).describe("seed of data order and sampling"),
  maxSteps: count.nullable().default(null).describe("optimizer steps; null = as many as numTrainEpochs needs"),
  numTrainEpochs: z.number().positive().default(1).describe("passes over the prompts when maxSteps is null"),
  shuffleDataset: z.boolean().default(true).describe("a new seeded order of the prompts every epoch"),
  promptsPerRollout: count.default(8).describe("prompts P sampled together; a rollout has P * numGenerations rows"),
  numGenerations: count.default(8).describe("completions per prompt, G"),
  updatesPerRollout: count.default(1).describe("optimizer steps a rollout is cut into, whole prompts each"),
  numIterations: count.default(1).describe("passes over each rollout (mu); ratios leave 1 from the second on"),
  perDeviceTrainBatchSize: count
    .nullable()
    .default(null)
    .describe("most completions per forward and backward pass; null = the whole update; changes memory, not results"),
  rolloutLag: z
    .number()
    .int()
    .nonnegative()
    .default(0)
    .describe("rollouts generated ahead of the one being learned from"),
  temperature: z.number().positive().default(1).describe("softmax temperature of sampling and of log-probabilities"),
  topP: z.number().gt(0).lte(1).default(1).describe("nucleus mass; below 1 the sampler is not the policy"),
  topK: z.number().int().nonnegative().default(0).describe("0 = off"),
  maskTruncatedCompletions: z.boolean().default(false).describe("completions cut at the length limit teach nothing"),
  rewardWeights: z
    .record(z.string(), z.number())
    .nullable()
    .default(null)
    .describe("weight by reward name; 1 if absent"),
  learningRate: z.number().nonnegative().default(1e-6).describe("peak step size of AdamW"),
  learningRates: z
    .record(z.string(), z.number().nonnegative())
    .default({})
    .describe("step size by parameter group, instead of learningRate"),
  lrSchedulerType: z.enum(["linear", "cosine", "constant"]).default("linear").describe("shape after the warm-up"),
  warmupSteps: z.number().int().nonnegative().default(0).describe("steps of linear warm-up"),
  warmupRatio: share.default(0).describe("the same as a share of all steps, rounded up; used when warmupSteps is 0"),
  weightDecay: z.number().nonnegative().default(0).describe("decoupled weight decay"),
  adamBeta1: share.default(0.9).describe("decay of the first moment"),
  adamBeta2: share.default(0.999).describe("decay of the second moment"),
  adamEpsilon: z.number().positive().default(1e-8).describe("added to the root of the second moment"),
  maxGradNorm: z.number().positive().nullable().default(1).describe("clip of the global gradient norm; null = off"),
  saveTotalLimit: count.nullable().default(2).describe("newest checkpoints of the run to keep; null = all"),
  saveSteps: count.nullable().default(null).describe("optimizer steps between checkpoints; null = only at the end"),
  evalSteps: count.nullable().default(null).describe("optimizer steps between evaluations; null = never"),
};

/** Strict schema of everything a run can be told: loss, advantage and training options in one flat object. */
export const grpoConfigSchema = z.strictObject({ ...lossConfigShape, ...advantageConfigShape, ...trainConfigShape });

/** A resolved run configuration. It is saved with every checkpoint and report. */
export type GrpoConfig = z.output<typeof grpoConfigSchema>;
/** A run configuration as a caller writes it; everything has a default. */
export type GrpoOptions = z.input<typeof grpoConfigSchema>;

/** Parses and completes a run configuration. @throws GrpoConfigError on an unknown option or a value out of range */
export function resolveGrpoConfig(options: GrpoOptions = {}): GrpoConfig {
  return parseConfig(grpoConfigSchema, options, "the GRPO configuration");
}

const keysOf = (shape: object): ReadonlySet<string> => new Set(Object.keys(shape));
const LOSS_KEYS = keysOf(lossConfigSchema.shape);
const ADVANTAGE_KEYS = keysOf(advantageConfigSchema.shape);
const subset = (config: GrpoConfig, keys: ReadonlySet<string>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(config).filter(([key]) => keys.has(key)));

/** The loss options of a run configuration. */
export const lossOptionsOf = (config: GrpoConfig): z.output<typeof lossConfigSchema> =>
  subset(config, LOSS_KEYS) as z.output<typeof lossConfigSchema>;
/** The advantage options of a run configuration. */
export const advantageOptionsOf = (config: GrpoConfig): z.output<typeof advantageConfigSchema> =>
  subset(config, ADVANTAGE_KEYS) as z.output<typeof advantageConfigSchema>;
