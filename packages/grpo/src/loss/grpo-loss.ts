import { type LossConfig, type LossOptions, lossConfigSchema } from "../config/loss-config.js";
import { parseConfig } from "../config/parse-config.js";
import { GrpoDataError, GrpoNumericError } from "../errors.js";
import { isPlainClipped } from "./clipped-row.js";
import { clippedRowSimd } from "./clipped-row-simd.js";
import { checkLossBatch, type LossBatch, type TokenRow, throwNonFinite } from "./loss-batch.js";
import { type LossMetrics, LossTally } from "./loss-metrics.js";
import { countTokens, isDropped, type LossNormalizers, lossNormalizers, tokenWeight } from "./loss-normalizers.js";
import { policyTerm } from "./policy-terms.js";
import { keepsOffPolicyRow, rolloutCorrection } from "./rollout-correction.js";
import { generalRow, type RowTask } from "./row-loop.js";
import { clampedSequenceRatio, geometricLogRatio, meanLogRatio, vespoWeight } from "./sequence-ratio.js";

/** Per-token terms of a loss call, unweighted; 0 where a token does not count. */
export interface TokenTerms {
  /** Policy loss plus beta times KL, before aggregation. */
  readonly losses: Float64Array[];
  /** KL estimates, before beta and bias correction. */
  readonly kl: Float64Array[];
  /** Importance ratios as the loss used them (per token, or the sequence's). */
  readonly ratios: Float64Array[];
}

/** Loss, gradient and measurements of one call. */
export interface GrpoLossResult {
  /** The number to minimise, entropy bonus included. */
  readonly loss: number;
  /** Its part from the policy term. */
  readonly policyLoss: number;
  /** Its part from the KL term, beta included. */
  readonly klLoss: number;
  /** dLoss / dLogProbs: one row per completion, exactly 0 where a token does not count. */
  readonly dLossDLogProbs: Float64Array[];
  /** dLoss / dEntropies, only when `entropyCoef` is not 0. */
  readonly dLossDEntropies?: Float64Array[];
  /** Per-token terms, only when asked for. */
  readonly terms?: TokenTerms;
  /** Means and shares over the counted tokens. */
  readonly metrics: LossMetrics;
  /** The sums behind `metrics`, to merge micro-batches. */
  readonly tally: LossTally;
}

/** What a call may add to the loss options. */
export interface GrpoLossExtras {
  /** Denominators of the whole update, when the batch is a micro-batch of it. Default: those of this batch. */
  readonly normalizers?: LossNormalizers;
  /** Also return per-token terms. Default false. */
  readonly terms?: boolean;
}

/**
 * Any GRPO-family loss with its analytic gradient in one pass over the tokens. Order of operations as in TRL: policy term,
 * off-policy mask, entropy mask, rollout weight, plus beta KL, aggregation, minus the entropy bonus. A token whose mask is
 * 0 is never read, so padding may hold NaN.
 *
 * @param batch rows of log-probabilities, one advantage each
 * @param options loss options, strict; defaults are TRL 1.13's
 * @throws GrpoConfigError, GrpoDataError (lengths, missing rows, non-finite input), GrpoNumericError (overflow)
 */
export function grpoLoss(batch: LossBatch, options: LossOptions = {}, extras: GrpoLossExtras = {}): GrpoLossResult {
  const config = parseConfig(lossConfigSchema, options, "the loss options");
  checkLossBatch(batch);
  if (config.beta > 0 && !batch.referenceLogProbs)
    throw new GrpoDataError(`beta is ${config.beta} but there are no referenceLogProbs; pass them or set beta to 0`);
  const pass = new LossPass(batch, config, extras.normalizers ?? lossNormalizers(batch, config), extras.terms === true);
  for (let row = 0; row < batch.logProbs.length; row++) pass.row(row);
  return pass.result();
}

class LossPass {
  private readonly term;
  private readonly tally = new LossTally();
  private readonly gradients: Float64Array[] = [];
  private readonly terms: TokenTerms | undefined;
  private policyLoss = 0;
  private klLoss = 0;
  private entropyBonus = 0;
  private readonly entropyGradients: Float64Array[] = [];

  constructor(
    private readonly batch: LossBatch,
    private readonly config: LossConfig,
    private readonly normalizers: LossNormalizers,
    wantTerms: boolean,
  ) {
    this.term = policyTerm(config);
    this.terms = wantTerms ? { losses: [], kl: [], ratios: [] } : undefined;
  }

  row(row: number): void {
    const { batch, config, tally } = this;
    const length = (batch.logProbs[row] as TokenRow).length;
    const gradient = new Float64Array(length);
    this.gradients.push(gradient);
    if (config.entropyCoef !== 0) this.entropyGradients.push(new Float64Array(length));
    const terms = this.terms && {
      losses: new Float64Array(length),
      kl: new Float64Array(length),
      ratios: new Float64Array(length),
    };
    if (terms) {
      this.terms?.losses.push(terms.losses);
      this.terms?.kl.push(terms.kl);
      this.terms?.ratios.push(terms.ratios);
    }
    if (isDropped(batch, row, config)) return;
    const tokens = countTokens(batch.logProbs[row] as TokenRow, batch.masks?.[row]);
    const task = this.task(row, tokens, gradient, terms);
    const sums = isPlainClipped(task, config)
      ? clippedRowSimd(task, config, tokens)
      : generalRow(task, config, this.term);
    if (sums.adjoint !== 0) this.spread(task, sums.adjoint, this.entropyOf(row), tokens);
    const check = sums.policy + sums.kl + sums.gradient + sums.adjoint + sums.logProb + sums.drift;
    if (!Number.isFinite(check)) this.explain(row, task);
    this.policyLoss += task.weight * sums.policy;
    this.klLoss += task.weight * sums.kl;
    tally.add(sums, tokens);
    if (config.entropyCoef !== 0) this.entropyTerm(row, task.mask);
  }

  /** Settles everything about a row that does not change from token to token. */
  private task(row: number, tokens: number, gradient: Float64Array, terms: RowTask["terms"]): RowTask {
    const { batch, config, normalizers } = this;
    const logProbs = batch.logProbs[row] as TokenRow;
    const old = batch.oldLogProbs?.[row] ?? logProbs;
    const mask = batch.masks?.[row];
    const advantage = batch.advantages[row] as number;
    const entropy = this.entropyOf(row);
    const geometric = config.lossType === "gmpo";
    const vespo = config.lossType === "vespo";
    const correction = this.correction(row, old, mask);
    const multiplied = vespo ? undefined : correction; // VESPO takes it inside its own weight
    const perToken = config.vllmImportanceSamplingMode.startsWith("token");
    const policyWeight = this.policyWeight(row, logProbs, old, mask, advantage);
    let sequence: RowTask["sequence"] = null;
    if (geometric || config.importanceSamplingLevel !== "token") {
      const logRatio = geometric
        ? geometricLogRatio(logProbs, old, mask, entropy, normalizers.entropyThreshold, advantage, config)
        : meanLogRatio(logProbs, old, mask, tokens);
      sequence = clampedSequenceRatio(logRatio, config.logRatioClamp ?? Number.POSITIVE_INFINITY);
    }
    return {
      logProbs,
      old,
      reference: config.beta > 0 ? batch.referenceLogProbs?.[row] : undefined,
      mask,
      advantage,
      share: multiplied && !perToken ? policyWeight * (multiplied[0] as number) : policyWeight,
      tokenShares: perToken ? multiplied : undefined,
      entropy: geometric ? undefined : entropy, // GMPO masks inside its mean
      entropyThreshold: normalizers.entropyThreshold,
      phi: vespo ? vespoWeight(logProbs, old, mask, advantage, correction, config) : 1,
      beta: this.klWeight(row),
      correctKl: config.useBiasCorrectionKl && !geometric,
      sequence,
      sharesGradient: geometric || config.importanceSamplingLevel === "sequence",
      weight: tokenWeight(tokens, normalizers, config),
      gradient,
      terms,
    };
  }

  private entropyOf(row: number): TokenRow | undefined {
    return this.config.topEntropyQuantile < 1 ? this.batch.entropies?.[row] : undefined;
  }

  result(): GrpoLossResult {
    return {
      loss: this.policyLoss + this.klLoss - this.config.entropyCoef * this.entropyBonus,
      policyLoss: this.policyLoss,
      klLoss: this.klLoss,
      dLossDLogProbs: this.gradients,
      ...(this.config.entropyCoef !== 0 && { dLossDEntropies: this.entropyGradients }),
      ...(this.terms && { terms: this.terms }),
      metrics: this.tally.metrics(),
      tally: this.tally,
    };
  }

  private klWeight(row: number): number {
    const silenced = this.config.zeroVarianceGroups === "maskAll" && !!this.batch.zeroVariance?.[row];
    return silenced ? 0 : this.config.beta;
  }

  private policyWeight(
    row: number,
    logProbs: TokenRow,
    old: TokenRow,
    mask: Uint8Array | undefined,
    advantage: number,
  ): number {
    const { config, batch } = this;
    if (config.zeroVarianceGroups !== "keep" && batch.zeroVariance?.[row]) return 0;
    if (config.offPolicyMaskThreshold === null) return 1;
    const sampling = batch.samplingLogProbs?.[row] ?? old;
    if (keepsOffPolicyRow(logProbs, sampling, mask, advantage, config.offPolicyMaskThreshold)) return 1;
    this.tally.offPolicyMaskedRows++;
    return 0;
  }

  /** Weights against the sampling engine; VESPO takes them inside its own weight, the other losses multiply. */
  private correction(row: number, old: TokenRow, mask: Uint8Array | undefined): Float64Array | undefined {
    const sampling = this.batch.samplingLogProbs?.[row];
    if (!sampling || !this.config.vllmImportanceSamplingCorrection) return undefined;
    const { raw, weights } = rolloutCorrection(old, sampling, mask, this.config);
    this.tally.addWeights(raw, weights);
    return weights;
  }

  /** Distributes the gradient with respect to the sequence log-ratio over the tokens that formed it. */
  private spread(task: RowTask, adjoint: number, entropy: TokenRow | undefined, tokens: number): void {
    const { config } = this;
    const { gradient, mask, logProbs, old, advantage } = task;
    const geometric = config.lossType === "gmpo";
    const high = config.epsilonHigh ?? config.epsilon;
    const threshold = this.normalizers.entropyThreshold;
    const kept = (token: number): boolean =>
      !(mask && mask[token] === 0) && !(geometric && entropy && (entropy[token] as number) < threshold);
    let count = tokens;
    if (geometric && entropy) {
      count = 0;
      for (let token = 0; token < gradient.length; token++) if (kept(token)) count++;
    }
    const each = (task.weight * adjoint) / Math.max(count, 1);
    for (let token = 0; token < gradient.length; token++) {
      if (!kept(token)) continue;
      if (geometric) {
        const drift = (logProbs[token] as number) - (old[token] as number);
        if (advantage > 0 ? drift > high : drift < -config.epsilon) continue;
      }
      gradient[token] = (gradient[token] as number) + each;
    }
  }

  private entropyTerm(row: number, mask: Uint8Array | undefined): void {
    const entropy = this.batch.entropies?.[row] as TokenRow;
    const gradient = this.entropyGradients[row] as Float64Array;
    const each = 1 / Math.max(this.normalizers.entropyTokens, 1);
    for (let token = 0; token < entropy.length; token++) {
      if (mask && mask[token] === 0) continue;
      if ((entropy[token] as number) < this.normalizers.entropyThreshold) continue;
      this.entropyBonus += each * (entropy[token] as number);
      gradient[token] = -this.config.entropyCoef * each;
    }
  }

  private explain(row: number, task: RowTask): never {
    throwNonFinite("logProbs", row, task.logProbs, task.mask);
    throwNonFinite("oldLogProbs", row, task.old, task.mask);
    if (task.reference) throwNonFinite("referenceLogProbs", row, task.reference, task.mask);
    throw new GrpoNumericError(
      `the loss of row ${row} overflowed with finite inputs: a log-ratio is too large for exp. Set logRatioClamp (20) for ` +
        "the importance ratio or klLogRatioClamp (10) for the KL, or look for a mismatch between old and new log-probabilities",
    );
  }
}
