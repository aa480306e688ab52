import * as z from "zod/mini";
import { described } from "./described.js";

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
  advantageEstimator: described(z._default(z.enum(ADVANTAGE_ESTIMATORS), "grpo"), "baseline; grpo = group mean"),
  scaleRewards: described(
    z._default(z.enum(["group", "batch", "none"]), "group"),
    "divisor of grpo and pass_at_k: std of the group, of the batch, or 1 (Dr. GRPO)",
  ),
  multiObjectiveAggregation: described(
    z._default(z.enum(["sum_then_normalize", "normalize_then_sum"]), "sum_then_normalize"),
    "normalize_then_sum is GDPO: z-score each reward in its group, sum, z-score over the batch",
  ),
  scaleEpsilon: described(
    z._default(z.number().check(z.nonnegative()), 1e-4),
    "added to the std (TRL 1e-4, verl 1e-6, OpenRLHF 1e-9)",
  ),
  singletonAdvantage: described(
    z._default(z.enum(["zero", "reward"]), "zero"),
    "a group with one scorable row: A = 0, or verl's A = R / (1 + scaleEpsilon)",
  ),
};

/** Strict schema of `computeAdvantages`'s options. */
export const advantageConfigSchema = z.strictObject(advantageConfigShape);

/** Every advantage option, resolved. */
export type AdvantageConfig = z.output<typeof advantageConfigSchema>;
/** Advantage options as a caller writes them. */
export type AdvantageOptions = z.input<typeof advantageConfigSchema>;
