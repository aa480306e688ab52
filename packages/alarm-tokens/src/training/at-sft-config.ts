import { LR_SCHEDULER_TYPES } from "@videosafety/onnx-autodiff";
import * as z from "zod";
import { AlarmTrainingConfigError } from "./training-errors.js";

const learningRate = z.number().positive();
const natural = z.number().int().nonnegative();
const positive = z.number().int().positive();

/**
 * Configuration of `trainAtSft`: strict (an unknown key is an error); it is saved with every checkpoint. Options that TRL has carry
 * TRL's names, in camelCase.
 */
export const atSftConfigSchema = z.strictObject({
  learningRates: z
    .strictObject({
      llm: learningRate.optional(),
      lora: learningRate.optional(),
      alarmTokens: learningRate.optional(),
      classifiers: learningRate.optional(),
      projector: learningRate.optional(),
      visionEncoder: learningRate.optional(),
    })
    .refine((rates) => Object.values(rates).some((rate) => rate !== undefined), "name at least one group to train")
    .describe("peak learning rate of each parameter group that is trained; the others stay frozen"),
  lambdaVisual: z.number().nonnegative().default(0).describe("lambda_1, weight of the visual head's loss; 0 = off"),
  lambdaTextual: z.number().nonnegative().default(0).describe("lambda_2, weight of the textual head's loss; 0 = off"),
  compat: z
    .literal("vsr1")
    .nullable()
    .default(null)
    .describe(
      "null: each loss term is a mean, as the equation reads; vsr1: weighed as the authors' code does (atSftScale)",
    ),
  batchSize: positive
    .default(128)
    .describe("samples per optimizer step (the authors: 128), however many passes they take"),
  perDeviceTrainBatchSize: positive
    .default(8)
    .describe("most samples per forward and backward pass; changes memory, not results"),
  microBatchTokens: positive
    .nullable()
    .default(null)
    .describe("most tokens per forward and backward pass, padding included unless packing"),
  packing: z
    .boolean()
    .default(false)
    .describe("the model packs sequences (video-llm: packing: true): microBatchTokens counts no padding"),
  numTrainEpochs: z.number().positive().default(1).describe("passes over the mixture; may be a fraction"),
  maxSteps: positive
    .nullable()
    .default(null)
    .describe("stops earlier, after this many optimizer steps; shortens the schedule"),
  lrSchedulerType: z
    .enum(LR_SCHEDULER_TYPES)
    .default("cosine")
    .describe("shape of the learning rate after the warm-up"),
  warmupSteps: natural.default(0).describe("steps of linear warm-up"),
  warmupRatio: z
    .number()
    .min(0)
    .max(1)
    .default(0.03)
    .describe("the same as a share of all steps, rounded up; used when warmupSteps is 0"),
  weightDecay: z.number().nonnegative().default(0).describe("decoupled (AdamW)"),
  adamBeta1: z.number().min(0).lt(1).default(0.9).describe("AdamW"),
  adamBeta2: z.number().min(0).lt(1).default(0.999).describe("AdamW"),
  adamEpsilon: z.number().positive().default(1e-8).describe("AdamW"),
  maxGradNorm: z
    .number()
    .positive()
    .nullable()
    .default(1)
    .describe(
      "clips the norm over all groups; null = off, as in the authors' stages 1 to 3; 1 is transformers' default",
    ),
  mixture: z
    .union([
      z.strictObject({ samplesPerEpoch: z.record(z.string(), natural) }),
      z.strictObject({ weights: z.record(z.string(), z.number().nonnegative()), total: positive }),
    ])
    .nullable()
    .default(null)
    .describe("what an epoch takes from each source: counts, or weights of a total; null = all of every source"),
  seed: natural.default(0).describe("seed of the order of the samples"),
  evalSteps: positive.nullable().default(null).describe("null = only after the last step"),
  refuseOn: z
    .enum(["textual", "either", "both"])
    .default("textual")
    .describe("which harmful label asks for a refusal, and which probability is compared with the threshold"),
  evaluationDsr: z
    .number()
    .gt(0)
    .max(1)
    .default(0.95)
    .describe("defense success rate at which the false refusal rate is read"),
  earlyStopping: z
    .strictObject({
      patience: positive.describe("evaluations without improvement before stopping"),
      minimumImprovement: z.number().nonnegative().default(0).describe("of the false refusal rate, absolute"),
    })
    .nullable()
    .default(null)
    .describe("stops when the false refusal rate at evaluationDsr no longer falls"),
  saveTotalLimit: positive.nullable().default(2).describe("newest checkpoints of the run to keep; null = all"),
  saveSteps: positive.nullable().default(null).describe("null = only after the last step"),
});

/** A complete configuration. */
export type AtSftConfig = z.infer<typeof atSftConfigSchema>;

/** A configuration as written: everything with a default may be left out. */
export type AtSftConfigInput = z.input<typeof atSftConfigSchema>;

/** Fills in defaults. @throws AlarmTrainingConfigError naming every wrong or unknown key. */
export function parseAtSftConfig(config: unknown): AtSftConfig {
  const parsed = atSftConfigSchema.safeParse(config);
  if (parsed.success) return parsed.data;
  throw new AlarmTrainingConfigError(
    `expected a valid training configuration, found:\n${z.prettifyError(parsed.error)}`,
    {
      cause: parsed.error,
    },
  );
}
