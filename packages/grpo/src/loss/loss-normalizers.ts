import { type Aggregation, aggregationOf, type LossConfig } from "../config/loss-config.js";
import { GrpoDataError } from "../errors.js";
import type { LossBatch, TokenRow } from "./loss-batch.js";

/**
 * Denominators of a whole optimizer step. Compute them once from all rows and pass them with every micro-batch: the
 * losses and gradients of the micro-batches then add up to exactly those of the undivided batch.
 */
export interface LossNormalizers {
  /** Completions. */
  readonly rows: number;
  /** Completions with at least one counted token. */
  readonly nonEmptyRows: number;
  /** Counted tokens. */
  readonly tokens: number;
  /** Entropy at and above which a token keeps its policy term; -Infinity = all. */
  readonly entropyThreshold: number;
  /** Tokens the entropy bonus averages over. */
  readonly entropyTokens: number;
}

/** Counted tokens of a row. */
export function countTokens(row: TokenRow, mask: Uint8Array | undefined): number {
  if (!mask) return row.length;
  let count = 0;
  for (const value of mask) if (value !== 0) count++;
  return count;
}

/** Whether a row is left out of every denominator. */
export const isDropped = (batch: LossBatch, row: number, config: LossConfig): boolean =>
  config.zeroVarianceGroups === "dropFromDenominator" && !!batch.zeroVariance?.[row];

/**
 * Quantile by linear interpolation between order statistics, as torch.quantile and numpy do by default.
 *
 * @param sorted ascending values, at least one
 * @param fraction in [0, 1]
 */
export function quantileSorted(sorted: ArrayLike<number>, fraction: number): number {
  if (sorted.length === 0) throw new GrpoDataError("a quantile needs at least one value, found none");
  const position = fraction * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (high - low) * (position - below);
}

/** Denominators and the entropy threshold of a batch that is one whole update. */
export function lossNormalizers(batch: LossBatch, config: LossConfig): LossNormalizers {
  let rows = 0;
  let nonEmptyRows = 0;
  let tokens = 0;
  const needsEntropy = config.topEntropyQuantile < 1;
  if ((needsEntropy || config.entropyCoef !== 0) && !batch.entropies)
    throw new GrpoDataError("topEntropyQuantile < 1 and entropyCoef need entropies: pass one row of nats a completion");
  const entropies: number[] = [];
  for (let row = 0; row < batch.logProbs.length; row++) {
    if (isDropped(batch, row, config)) continue;
    const values = batch.logProbs[row] as TokenRow;
    const mask = batch.masks?.[row];
    const count = countTokens(values, mask);
    rows++;
    tokens += count;
    if (count > 0) nonEmptyRows++;
    if (!needsEntropy) continue;
    const entropy = batch.entropies?.[row] as TokenRow;
    for (let token = 0; token < entropy.length; token++) {
      if (mask?.[token] !== 0) entropies.push(entropy[token] as number);
    }
  }
  let entropyThreshold = Number.NEGATIVE_INFINITY;
  let entropyTokens = tokens;
  if (needsEntropy && entropies.length > 0) {
    const sorted = Float64Array.from(entropies).sort();
    entropyThreshold = quantileSorted(sorted, 1 - config.topEntropyQuantile);
    entropyTokens = entropies.reduce((count, value) => (value >= entropyThreshold ? count + 1 : count), 0);
  }
  return { rows, nonEmptyRows, tokens, entropyThreshold, entropyTokens };
}

/** Weight of one token of a row in the aggregated loss. */
export function tokenWeight(rowTokens: number, normalizers: LossNormalizers, config: LossConfig): number {
  const mode: Aggregation = aggregationOf(config);
  switch (mode) {
    case "sequence_mean_token_mean":
      return 1 / (Math.max(rowTokens, 1) * Math.max(normalizers.rows, 1));
    case "sequence_mean_token_mean_nonempty":
      return 1 / (Math.max(rowTokens, 1) * Math.max(normalizers.nonEmptyRows, 1));
    case "sequence_mean_token_sum":
      return 1 / Math.max(normalizers.rows, 1);
    case "sequence_mean_token_sum_norm":
      return 1 / (Math.max(normalizers.rows, 1) * config.maxCompletionLength);
    case "token_mean":
      return 1 / Math.max(normalizers.tokens, 1);
    case "token_sum":
      return 1;
  }
}
