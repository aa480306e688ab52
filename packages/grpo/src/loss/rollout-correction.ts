import type { LossConfig } from "../config/loss-config.js";
import type { TokenRow } from "./loss-batch.js";

/** Importance weights of one row against the engine that sampled it. */
export interface RowCorrection {
  /** One weight per token in the token modes, a single one in the sequence modes. */
  readonly weights: Float64Array;
  /** The same before truncation or masking. */
  readonly raw: Float64Array;
}

/**
 * exp(old - sampling), per token or summed over the row, truncated or masked outside the bounds. A token whose sampling
 * log-probability is NaN counts as on-policy. Source: TRL 1.13, GRPOTrainer._generate_and_score_completions.
 */
export function rolloutCorrection(
  old: TokenRow,
  sampling: TokenRow,
  mask: Uint8Array | undefined,
  config: Pick<
    LossConfig,
    "vllmImportanceSamplingMode" | "vllmImportanceSamplingClipMax" | "vllmImportanceSamplingClipMin"
  >,
): RowCorrection {
  const mode = config.vllmImportanceSamplingMode;
  const sequence = mode === "sequence_mask" || mode === "sequence_truncate";
  const low = config.vllmImportanceSamplingClipMin ?? Number.NEGATIVE_INFINITY;
  const high = config.vllmImportanceSamplingClipMax ?? Number.POSITIVE_INFINITY;
  const raw = new Float64Array(sequence ? 1 : old.length);
  let sum = 0;
  for (let token = 0; token < old.length; token++) {
    const counted = mask?.[token] !== 0;
    const difference = counted ? (old[token] as number) - (sampling[token] as number) : 0;
    const known = Number.isNaN(difference) ? 0 : difference;
    if (sequence) sum += known;
    else raw[token] = Math.exp(known);
  }
  if (sequence) raw[0] = Math.exp(sum);
  const truncate = mode === "sequence_truncate" || mode === "token_truncate";
  const weights = raw.map((weight) => {
    if (weight >= low && weight <= high) return weight;
    return truncate ? (weight < low ? low : high) : 0;
  });
  return { weights, raw };
}

/**
 * DeepSeek-V3.2's off-policy sequence mask: keep a row if its advantage is not negative, or if the mean of
 * sampling - policy log-probabilities is at most the threshold. NaN sampling values carry no evidence.
 */
export function keepsOffPolicyRow(
  policy: TokenRow,
  sampling: TokenRow,
  mask: Uint8Array | undefined,
  advantage: number,
  threshold: number,
): boolean {
  if (advantage >= 0) return true;
  let sum = 0;
  let count = 0;
  for (let token = 0; token < policy.length; token++) {
    if (mask && mask[token] === 0) continue;
    count++;
    const drift = (sampling[token] as number) - (policy[token] as number);
    if (!Number.isNaN(drift)) sum += drift;
  }
  return sum / Math.max(count, 1) <= threshold;
}
