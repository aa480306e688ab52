import * as z from "zod/mini";
import { advantageConfigSchema, advantageConfigShape } from "./advantage-config.js";
import { described } from "./described.js";
import { lossConfigSchema, lossConfigShape } from "./loss-config.js";
import { parseConfig } from "./parse-config.js";

const count = z.int().check(z.positive());
const share = z.number().check(z.minimum(0), z.maximum(1));

const trainConfigShape = {
  seed: described(z._default(z.int().check(z.nonnegative()), 42), "seed of data order and sampling"),
  maxSteps: described(z._default(z.nullable(count), null), "optimizer steps; null = as many as numTrainEpochs needs"),
  numTrainEpochs: described(
    z._default(z.number().check(z.positive()), 1),
    "passes over the prompts when maxSteps is null",
  ),
  shuffleDataset: described(z._default(z.boolean(), true), "a new seeded order of the prompts every epoch"),
  promptsPerRollout: described(
    z._default(count, 8),
    "prompts P sampled together; a rollout has P * numGenerations rows",
  ),
  numGenerations: described(z._default(count, 8), "completions per prompt, G"),
  updatesPerRollout: described(z._default(count, 1), "optimizer steps a rollout is cut into, whole prompts each"),
  numIterations: described(z._default(count, 1), "passes over each rollout (mu); ratios leave 1 from the second on"),
  perDeviceTrainBatchSize: described(
    z._default(z.nullable(count), null),
    "most completions per forward and backward pass; null = the whole update; changes memory, not results",
  ),
  rolloutLag: described(
    z._default(z.int().check(z.nonnegative()), 0),
    "rollouts generated ahead of the one being learned from",
  ),
  temperature: described(
    z._default(z.number().check(z.positive()), 1),
    "softmax temperature of sampling and of log-probabilities",
  ),
  topP: described(
    z._default(z.number().check(z.gt(0), z.lte(1)), 1),
    "nucleus mass; below 1 the sampler is not the policy",
  ),
  topK: described(z._default(z.int().check(z.nonnegative()), 0), "0 = off"),
  maskTruncatedCompletions: described(
    z._default(z.boolean(), false),
    "completions cut at the length limit teach nothing",
  ),
  rewardWeights: described(
    z._default(z.nullable(z.record(z.string(), z.number())), null),
    "weight by reward name; 1 if absent",
  ),
  learningRate: described(z._default(z.number().check(z.nonnegative()), 1e-6), "peak step size of AdamW"),
  learningRates: described(
    z._default(z.record(z.string(), z.number().check(z.nonnegative())), {}),
    "step size by parameter group, instead of learningRate",
  ),
  lrSchedulerType: described(z._default(z.enum(["linear", "cosine", "constant"]), "linear"), "shape after the warm-up"),
  warmupSteps: described(z._default(z.int().check(z.nonnegative()), 0), "steps of linear warm-up"),
  warmupRatio: described(
    z._default(share, 0),
    "the same as a share of all steps, rounded up; used when warmupSteps is 0",
  ),
  weightDecay: described(z._default(z.number().check(z.nonnegative()), 0), "decoupled weight decay"),
  adamBeta1: described(z._default(share, 0.9), "decay of the first moment"),
  adamBeta2: described(z._default(share, 0.999), "decay of the second moment"),
  adamEpsilon: described(z._default(z.number().check(z.positive()), 1e-8), "added to the root of the second moment"),
  maxGradNorm: described(
    z._default(z.nullable(z.number().check(z.positive())), 1),
    "clip of the global gradient norm; null = off",
  ),
  saveTotalLimit: described(z._default(z.nullable(count), 2), "newest checkpoints of the run to keep; null = all"),
  saveSteps: described(
    z._default(z.nullable(count), null),
    "optimizer steps between checkpoints; null = only at the end",
  ),
  evalSteps: described(z._default(z.nullable(count), null), "optimizer steps between evaluations; null = never"),
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
