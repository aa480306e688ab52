import type { RowSums } from "./row-loop.js";

/** What a loss call saw, over the counted tokens of its rows. All are plain sums underneath, so micro-batches merge. */
export interface LossMetrics {
  /** Completions that were not dropped. */
  readonly rows: number;
  /** Counted tokens. */
  readonly tokens: number;
  /** Mean KL estimate to the reference per token (nats); 0 without a reference. */
  readonly kl: number;
  /** Mean of old - logp a token: how far this update has moved from the rollout policy (k1, nats). */
  readonly policyDrift: number;
  /** Mean of -logp per token: an unbiased estimate of the entropy when sampling is untruncated and the row is on-policy. */
  readonly entropyEstimate: number;
  /** Share of tokens where the lower clip decided (A < 0). */
  readonly clipLow: number;
  /** Share of tokens where the upper clip decided (A > 0). */
  readonly clipHigh: number;
  /** clipLow + clipHigh. */
  readonly clipFraction: number;
  /** Importance ratio logp against old, before any truncation. */
  readonly ratio: { readonly mean: number; readonly min: number; readonly max: number };
  /** (sum r)^2 / (n sum r^2) in (0, 1]: effective share of the tokens, before any truncation. */
  readonly effectiveSampleSize: number;
  /** Weights against the sampling engine, before and after truncation; null when none were given. */
  readonly rolloutWeights: {
    readonly mean: number;
    readonly max: number;
    readonly effectiveSampleSizeBefore: number;
    readonly effectiveSampleSizeAfter: number;
    readonly changedFraction: number;
  } | null;
  /** Rows whose policy term the off-policy mask removed. */
  readonly offPolicyMaskedRows: number;
}

/** Running sums behind `LossMetrics`. */
export class LossTally {
  rows = 0;
  tokens = 0;
  kl = 0;
  drift = 0;
  negativeLogProb = 0;
  clipLow = 0;
  clipHigh = 0;
  ratioSum = 0;
  ratioSquares = 0;
  ratioMin = Number.POSITIVE_INFINITY;
  ratioMax = Number.NEGATIVE_INFINITY;
  offPolicyMaskedRows = 0;
  private weightCount = 0;
  private weightChanged = 0;
  private weightMax = 0;
  private rawSum = 0;
  private rawSquares = 0;
  private weightSum = 0;
  private weightSquares = 0;

  /** Adds the sums of one row. */
  add(sums: RowSums, tokens: number): void {
    this.rows++;
    this.tokens += tokens;
    this.kl += sums.klEstimate;
    this.drift += sums.drift;
    this.negativeLogProb -= sums.logProb;
    this.clipLow += sums.clipLow;
    this.clipHigh += sums.clipHigh;
    this.ratioSum += sums.ratio;
    this.ratioSquares += sums.ratioSquares;
    this.ratioMin = Math.min(this.ratioMin, sums.ratioMin);
    this.ratioMax = Math.max(this.ratioMax, sums.ratioMax);
  }

  /** Adds the rollout weights of one row. */
  addWeights(raw: Float64Array, weights: Float64Array): void {
    for (let i = 0; i < raw.length; i++) {
      const before = raw[i] as number;
      const after = weights[i] as number;
      this.weightCount++;
      if (before !== after) this.weightChanged++;
      if (before > this.weightMax) this.weightMax = before;
      this.rawSum += before;
      this.rawSquares += before * before;
      this.weightSum += after;
      this.weightSquares += after * after;
    }
  }

  /** Adds another tally, for micro-batches of one update. Every field is a sum, a minimum (`ratioMin`) or a maximum (`*Max`). */
  merge(other: LossTally): void {
    for (const key of Object.keys(this) as (keyof LossTally)[]) {
      const into = this as unknown as Record<string, number>;
      const from = other as unknown as Record<string, number>;
      const a = into[key] as number;
      const b = from[key] as number;
      into[key] = key === "ratioMin" ? Math.min(a, b) : /Max$/.test(key) ? Math.max(a, b) : a + b;
    }
  }

  /** The means and shares. */
  metrics(): LossMetrics {
    const count = Math.max(this.tokens, 1);
    const share = (sum: number, squares: number, n: number) => (squares > 0 ? (sum * sum) / (n * squares) : 0);
    const empty = this.tokens === 0;
    return {
      rows: this.rows,
      tokens: this.tokens,
      kl: this.kl / count,
      policyDrift: this.drift / count,
      entropyEstimate: this.negativeLogProb / count,
      clipLow: this.clipLow / count,
      clipHigh: this.clipHigh / count,
      clipFraction: (this.clipLow + this.clipHigh) / count,
      ratio: {
        mean: empty ? 1 : this.ratioSum / count,
        min: empty ? 1 : this.ratioMin,
        max: empty ? 1 : this.ratioMax,
      },
      effectiveSampleSize: empty ? 1 : share(this.ratioSum, this.ratioSquares, count),
      rolloutWeights:
        this.weightCount === 0
          ? null
          : {
              mean: this.rawSum / this.weightCount,
              max: this.weightMax,
              effectiveSampleSizeBefore: share(this.rawSum, this.rawSquares, this.weightCount),
              effectiveSampleSizeAfter: share(this.weightSum, this.weightSquares, this.weightCount),
              changedFraction: this.weightChanged / this.weightCount,
            },
      offPolicyMaskedRows: this.offPolicyMaskedRows,
    };
  }
}
