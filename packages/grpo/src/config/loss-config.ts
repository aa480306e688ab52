import * as z from "zod/mini";
import { described } from "./described.js";

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

const positive = z.number().check(z.positive());

/** Fields of the loss; names and defaults are TRL 1.13's where TRL has the option. */
export const lossConfigShape = {
  lossType: described(
    z._default(z.enum(LOSS_TYPES), "dapo"),
    "policy term; GSPO is grpo with importanceSamplingLevel sequence",
  ),
  importanceSamplingLevel: described(
    z._default(z.enum(["token", "sequence", "sequence_token"]), "token"),
    "ratio per token, per sequence (GSPO), or sequence value with token gradient (GSPO-token)",
  ),
  epsilon: described(
    z._default(z.number().check(z.nonnegative()), 0.2),
    "lower clip: ratio >= 1 - epsilon (GMPO, DPPO: own units)",
  ),
  epsilonHigh: described(
    z._default(z.nullable(z.number().check(z.nonnegative())), null),
    "upper clip; null = epsilon; 0 is a value",
  ),
  delta: described(z._default(z.nullable(positive), null), "upper bound of the unclipped ratio (two-sided clipping)"),
  dualClip: described(
    z._default(z.nullable(z.number().check(z.gt(1))), null),
    "for A < 0 the loss is at most -dualClip * A (verl: 3)",
  ),
  beta: described(
    z._default(z.number().check(z.nonnegative()), 0),
    "weight of the KL term; 0 never asks for a reference model",
  ),
  klEstimator: described(
    z._default(z.enum(KL_ESTIMATORS), "k3"),
    "k1, k2, k3, abs, or k3+ (value of k3, gradient of k2)",
  ),
  klLogRatioClamp: described(
    z._default(z.nullable(positive), null),
    "clamp of x = ref - logp before the estimator (vsr1: 10)",
  ),
  klValueClamp: described(z._default(z.nullable(positive), null), "clamp of the estimate itself (verl: 10)"),
  useBiasCorrectionKl: described(
    z._default(z.boolean(), true),
    "multiply the KL by the (not detached) importance ratio",
  ),
  logRatioClamp: described(z._default(z.nullable(positive), null), "clamp of logp - old before exp (verl: 20)"),
  aggregation: described(
    z._default(z.nullable(z.enum(AGGREGATIONS)), null),
    "null = the one the loss type was published with",
  ),
  maxCompletionLength: described(
    z._default(z.int().check(z.positive()), 512),
    "tokens; L, the constant divisor of dr_grpo",
  ),
  topEntropyQuantile: described(
    z._default(z.number().check(z.gt(0), z.lte(1)), 1),
    "keep the policy term on this top share by entropy",
  ),
  entropyCoef: described(z._default(z.number(), 0), "weight of the mean token entropy subtracted from the loss"),
  offPolicyMaskThreshold: described(
    z._default(z.nullable(z.number()), null),
    "drop A < 0 rows whose mean drift exceeds this",
  ),
  vllmImportanceSamplingCorrection: described(
    z._default(z.boolean(), true),
    "weight by exp(old - sampling) when sampling log-probabilities are given",
  ),
  vllmImportanceSamplingMode: described(
    z._default(z.enum(["token_truncate", "token_mask", "sequence_truncate", "sequence_mask"]), "sequence_mask"),
    "truncate clamps the weight, mask sets it to 0 outside the bounds",
  ),
  vllmImportanceSamplingClipMax: described(z._default(z.nullable(positive), 3), "upper bound of that weight"),
  vllmImportanceSamplingClipMin: described(
    z._default(z.nullable(z.number().check(z.nonnegative())), null),
    "lower bound of it",
  ),
  zeroVarianceGroups: described(
    z._default(z.enum(ZERO_VARIANCE_POLICIES), "keep"),
    "policy for groups of equal rewards",
  ),
  cispoClip: described(
    z._default(z.enum(["cap", "range"]), "cap"),
    "cap: ratio <= epsilonHigh (TRL); range: [1 - epsilon, 1 + epsilonHigh] (verl)",
  ),
  sapoTemperaturePos: described(z._default(positive, 1), "SAPO temperature for A > 0"),
  sapoTemperatureNeg: described(z._default(positive, 1.05), "SAPO temperature for A <= 0"),
  vespoKPos: described(z._default(z.number(), 2), "VESPO k for A >= 0"),
  vespoLambdaPos: described(z._default(z.number(), 3), "VESPO lambda for A >= 0"),
  vespoKNeg: described(z._default(z.number(), 3), "VESPO k for A < 0"),
  vespoLambdaNeg: described(z._default(z.number(), 2), "VESPO lambda for A < 0"),
  dppoRatioCap: described(z._default(positive, 20), "DPPO truncation of the detached ratio"),
  droTau: described(z._default(z.number().check(z.nonnegative()), 1), "DRO weight of the squared log-ratio"),
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
