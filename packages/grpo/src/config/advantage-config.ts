import * as z from "zod";

/** Baselines and scales of the advantage. */
export const ADVANTAGE_ESTIMATORS = [
  "grpo",
  "rloo",
  "opo",
  "pass_at_k",
  "gpg",
  "remax",
  "reinforce_plus_plus",
  "reinforce_plus_plus_baseline",
] as const;

/** Fields of the advantage; names and defaults are TRL 1.13's where TRL has the option. */
export const advantageConfigShape = {
  advantageEstimator: z.enum(ADVANTAGE_ESTIMATORS).default("grpo").describe("baseline; grpo = group mean"),
  scaleRewards: z
    .enum(["group", "batch", "none"])
    .default("group")
    .describe("divisor of grpo and pass_at_k: std of the group, of the batch, or 1 (Dr. GRPO)"),
  multiObjectiveAggregation: z
    .enum(["sum_then_normalize", "normalize_then_sum"])
    .default("sum_then_normalize")
    .describe("normalize_then_sum is GDPO: z-score each reward in its group, sum, z-score over the batch"),
  scaleEpsilon: z
    .number()
    .nonnegative()
    .default(1e-4)
    .describe("added to the std (TRL 1e-4, verl 1e-6, OpenRLHF 1e-9)"),
  singletonAdvantage: z
    .enum(["zero", "reward"])
    .default("zero")
    .describe("a group with one scorable row: A = 0, or verl's A = R / (1 + scaleEpsilon)"),
};

/** Strict schema of `computeAdvantages`'s options. */
export const advantageConfigSchema = z.strictObject(advantageConfigShape);

/** Every advantage option, resolved. */
export type AdvantageConfig = z.output<typeof advantageConfigSchema>;
/** Advantage options as a caller writes them. */
export type AdvantageOptions = z.input<typeof advantageConfigSchema>;
