import * as z from "zod";

/** Objective of one token (or one sequence); see docs/paper/grpo.md for the paper of each. */
export const LOSS_TYPES = [
  "grpo",
  "dapo",
  "bnpo",
  "dr_grpo",
  "luspo",
  "cispo",
  "sapo",
  "vespo",
  "gmpo",
  "dppo_tv",
  "dppo_kl",
  "dro",
  "gpg",
] as const;

/** How token losses become one number. */
export const AGGREGATIONS = [
  "sequence_mean_token_mean",
  "sequence_mean_token_mean_nonempty",
  "sequence_mean_token_sum",
  "sequence_mean_token_sum_norm",
  "token_mean",
  "token_sum",
] as const;

/** Estimators of KL(policy || reference) from one sample. */
export const KL_ESTIMATORS = ["k1", "k2", "k3", "abs", "k3+"] as const;

/** What happens to rows whose group has no reward variance. */
export const ZERO_VARIANCE_POLICIES = ["keep", "maskPolicy", "maskAll", "dropFromDenominator"] as const;

const positive = z.number().positive();

/** Fields of the loss; names and defaults are TRL 1.13's where TRL has the option. */
export const lossConfigShape = {
  lossType: z
    .enum(LOSS_TYPES)
    .default("dapo")
    .describe("policy term; GSPO is grpo with importanceSamplingLevel sequence"),
  importanceSamplingLevel: z
    .enum(["token", "sequence", "sequence_token"])
    .default("token")
    .describe("ratio per token, per sequence (GSPO), or sequence value with token gradient (GSPO-token)"),
  epsilon: z.number().nonnegative().default(0.2).describe("lower clip: ratio >= 1 - epsilon (GMPO, DPPO: own units)"),
  epsilonHigh: z.number().nonnegative().nullable().default(null).describe("upper clip; null = epsilon; 0 is a value"),
  delta: positive.nullable().default(null).describe("upper bound of the unclipped ratio (two-sided clipping)"),
  dualClip: z.number().gt(1).nullable().default(null).describe("for A < 0 the loss is at most -dualClip * A (verl: 3)"),
  beta: z.number().nonnegative().default(0).describe("weight of the KL term; 0 never asks for a reference model"),
  klEstimator: z.enum(KL_ESTIMATORS).default("k3").describe("k1, k2, k3, abs, or k3+ (value of k3, gradient of k2)"),
  klLogRatioClamp: positive
    .nullable()
    .default(null)
    .describe("clamp of x = ref - logp before the estimator (vsr1: 10)"),
  klValueClamp: positive.nullable().default(null).describe("clamp of the estimate itself (verl: 10)"),
  useBiasCorrectionKl: z.boolean().default(true).describe("multiply the KL by the (not detached) importance ratio"),
  logRatioClamp: positive.nullable().default(null).describe("clamp of logp - old before exp (verl: 20)"),
  aggregation: z
    .enum(AGGREGATIONS)
    .nullable()
    .default(null)
    .describe("null = the one the loss type was published with"),
  maxCompletionLength: z.number().int().positive().default(512).describe("tokens; L, the constant divisor of dr_grpo"),
  topEntropyQuantile: z.number().gt(0).lte(1).default(1).describe("keep the policy term on this top share by entropy"),
  entropyCoef: z.number().default(0).describe("weight of the mean token entropy subtracted from the loss"),
  offPolicyMaskThreshold: z.number().nullable().default(null).describe("drop A < 0 rows whose mean drift exceeds this"),
  vllmImportanceSamplingCorrection: z
    .boolean()
    .default(true)
    .describe("weight by exp(old - sampling) when sampling log-probabilities are given"),
  vllmImportanceSamplingMode: z
    .enum(["token_truncate", "token_mask", "sequence_truncate", "sequence_mask"])
    .default("sequence_mask")
    .describe("truncate clamps the weight, mask sets it to 0 outside the bounds"),
  vllmImportanceSamplingClipMax: positive.nullable().default(3).describe("upper bound of that weight"),
  vllmImportanceSamplingClipMin: z.number().nonnegative().nullable().default(null).describe("lower bound of it"),
  zeroVarianceGroups: z.enum(ZERO_VARIANCE_POLICIES).default("keep").describe("policy for groups of equal rewards"),
  cispoClip: z
    .enum(["cap", "range"])
    .default("cap")
    .describe("cap: ratio <= epsilonHigh (TRL); range: [1 - epsilon, 1 + epsilonHigh] (verl)"),
  sapoTemperaturePos: positive.default(1).describe("SAPO temperature for A > 0"),
  sapoTemperatureNeg: positive.default(1.05).describe("SAPO temperature for A <= 0"),
  vespoKPos: z.number().default(2).describe("VESPO k for A >= 0"),
  vespoLambdaPos: z.number().default(3).describe("VESPO lambda for A >= 0"),
  vespoKNeg: z.number().default(3).describe("VESPO k for A < 0"),
  vespoLambdaNeg: z.number().default(2).describe("VESPO lambda for A < 0"),
  dppoRatioCap: positive.default(20).describe("DPPO truncation of the detached ratio"),
  droTau: z.number().nonnegative().default(1).describe("DRO weight of the squared log-ratio"),
};

/** Strict schema of `grpoLoss`'s options. */
export const lossConfigSchema = z.strictObject(lossConfigShape);

/** Every loss option, resolved. */
export type LossConfig = z.output<typeof lossConfigSchema>;
/** Loss options as a caller writes them; everything has a default. */
export type LossOptions = z.input<typeof lossConfigSchema>;
/** Name of a policy term. */
export type LossType = (typeof LOSS_TYPES)[number];
/** Name of an aggregation. */
export type Aggregation = (typeof AGGREGATIONS)[number];
/** Name of a KL estimator. */
export type KlEstimator = (typeof KL_ESTIMATORS)[number];

const PUBLISHED_AGGREGATION: Record<LossType, Aggregation> = {
  grpo: "sequence_mean_token_mean",
  sapo: "sequence_mean_token_mean",
  gmpo: "sequence_mean_token_mean",
  dr_grpo: "sequence_mean_token_sum_norm",
  luspo: "sequence_mean_token_sum",
  bnpo: "token_mean",
  dapo: "token_mean",
  cispo: "token_mean",
  vespo: "token_mean",
  dppo_tv: "token_mean",
  dppo_kl: "token_mean",
  dro: "token_mean",
  gpg: "token_mean",
};

/** The aggregation in force: the configured one, or the one the loss type was published with. */
export function aggregationOf(config: Pick<LossConfig, "lossType" | "aggregation">): Aggregation {
  return config.aggregation ?? PUBLISHED_AGGREGATION[config.lossType];
}
