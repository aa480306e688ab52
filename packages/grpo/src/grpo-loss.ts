import { GrpoDataError, GrpoNumericError } from "./errors.js";
import { klTermInto } from "./kl-terms.js";
import { checkLossBatch, type LossBatch, type TokenRow, throwNonFinite } from "./loss-batch.js";
import { type LossConfig, type LossOptions, lossConfigSchema } from "./loss-config.js";
import { type LossMetrics, LossTally } from "./loss-metrics.js";
import { countTokens, isDropped, type LossNormalizers, lossNormalizers, tokenWeight } from "./loss-normalizers.js";
import { parseConfig } from "./parse-config.js";
import { policyTerm, type TermOutput } from "./policy-terms.js";
import { keepsOffPolicyRow, rolloutCorrection } from "./rollout-correction.js";
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
  /** dLoss / dLogProbs: one row a completion, exactly 0 where a token does not count. */
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
  private readonly out: TermOutput = { value: 0, dLogRatio: 0, dLogProb: 0, clipped: 0 };
  private readonly kl = { value: 0, dLogProb: 0 };
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
    const { batch, config, normalizers, tally, out, kl, term } = this;
    const logProbs = batch.logProbs[row] as TokenRow;
    const length = logProbs.length;
    const gradient = new Float64Array(length);
    this.gradients.push(gradient);
    if (config.entropyCoef !== 0) this.entropyGradients.push(new Float64Array(length));
    this.terms?.losses.push(new Float64Array(length));
    this.terms?.kl.push(new Float64Array(length));
    this.terms?.ratios.push(new Float64Array(length));
    if (isDropped(batch, row, config)) return;

    const old = batch.oldLogProbs?.[row] ?? logProbs;
    const beta = this.klWeight(row);
    const reference = config.beta > 0 ? batch.referenceLogProbs?.[row] : undefined;
    const mask = batch.masks?.[row];
    const advantage = batch.advantages[row] as number;
    const entropy = config.topEntropyQuantile < 1 ? batch.entropies?.[row] : undefined;
    const threshold = normalizers.entropyThreshold;
    const geometric = config.lossType === "gmpo";
    const tokens = countTokens(logProbs, mask);
    const weight = tokenWeight(tokens, normalizers, config);
    const policyWeight = this.policyWeight(row, logProbs, old, mask, advantage);
    const correction = this.correction(row, old, mask);
    const multiplied = config.lossType === "vespo" ? undefined : correction; // VESPO takes it inside its own weight
    const tokenWeights = config.vllmImportanceSamplingMode.startsWith("token") ? multiplied : undefined;
    const sequenceWeight = multiplied && !tokenWeights ? (multiplied[0] as number) : 1;
    const phi = config.lossType === "vespo" ? vespoWeight(logProbs, old, mask, advantage, correction, config) : 1;

    const sequence = geometric || config.importanceSamplingLevel !== "token";
    const clamp = config.logRatioClamp ?? Number.POSITIVE_INFINITY;
    let sequenceRatio = { ratio: 1, passes: true };
    if (sequence) {
      const logRatio = geometric
        ? geometricLogRatio(logProbs, old, mask, entropy, threshold, advantage, config)
        : meanLogRatio(logProbs, old, mask, tokens);
      sequenceRatio = clampedSequenceRatio(logRatio, clamp);
    }
    const sharesGradient = geometric || config.importanceSamplingLevel === "sequence";
    const correctKl = config.useBiasCorrectionKl && !geometric;
    const klClamp = config.klLogRatioClamp ?? Number.POSITIVE_INFINITY;
    const klValueClamp = config.klValueClamp ?? Number.POSITIVE_INFINITY;
    const { klEstimator } = config;
    const samePolicy = old === logProbs;

    let policySum = 0;
    let klSum = 0;
    let adjoint = 0; // d (sum of token losses) / d sequence log-ratio
    let gradientSum = 0; // only to notice a gradient that is not finite
    let logProbSum = 0;
    let driftSum = 0;
    let klTally = 0;
    let ratioSum = 0;
    let ratioSquares = 0;
    let clipLow = 0;
    let clipHigh = 0;
    let ratioMin = tally.ratioMin;
    let ratioMax = tally.ratioMax;
    for (let token = 0; token < length; token++) {
      if (mask !== undefined && mask[token] === 0) continue;
      const logProb = logProbs[token] as number;
      const oldLogProb = samePolicy ? logProb : (old[token] as number);
      const drift = logProb - oldLogProb;
      let ratio = sequenceRatio.ratio;
      let passes = sequenceRatio.passes;
      if (!sequence) {
        passes = drift <= clamp && drift >= -clamp;
        ratio = drift === 0 ? 1 : Math.exp(passes ? drift : drift > clamp ? clamp : drift < -clamp ? -clamp : drift);
      }
      term(ratio, advantage, logProb, oldLogProb, phi, out);
      let share = policyWeight * (tokenWeights ? (tokenWeights[token] as number) : sequenceWeight);
      if (entropy !== undefined && !geometric && (entropy[token] as number) < threshold) share = 0;
      let policyValue = 0;
      let dLogRatio = 0;
      let dLogProb = 0;
      if (share !== 0) {
        policyValue = share * out.value;
        dLogRatio = share * out.dLogRatio;
        dLogProb = share * out.dLogProb;
        if (out.clipped > 0) clipHigh++;
        else if (out.clipped < 0) clipLow++;
      }
      let klValue = 0;
      if (reference !== undefined) {
        klTermInto(reference[token] as number, logProb, klEstimator, klClamp, klValueClamp, kl);
        klTally += kl.value;
        if (beta !== 0) {
          klValue = beta * kl.value;
          if (correctKl) {
            klValue *= ratio;
            dLogRatio += klValue;
            dLogProb += beta * kl.dLogProb * ratio;
          } else dLogProb += beta * kl.dLogProb;
        }
      }
      policySum += policyValue;
      klSum += klValue;
      if (!passes) dLogRatio = 0;
      const direct = sharesGradient ? dLogProb : dLogProb + dLogRatio;
      if (sharesGradient) adjoint += dLogRatio;
      gradient[token] = weight * direct;
      gradientSum += direct;
      logProbSum += logProb;
      driftSum -= drift;
      ratioSum += ratio;
      ratioSquares += ratio * ratio;
      if (ratio < ratioMin) ratioMin = ratio;
      if (ratio > ratioMax) ratioMax = ratio;
      if (this.terms) {
        (this.terms.losses[row] as Float64Array)[token] = policyValue + klValue;
        (this.terms.kl[row] as Float64Array)[token] = reference ? kl.value : 0;
        (this.terms.ratios[row] as Float64Array)[token] = ratio;
      }
    }
    if (adjoint !== 0) this.spread(gradient, weight * adjoint, logProbs, old, mask, entropy, advantage, tokens);
    if (!Number.isFinite(policySum + klSum + gradientSum + adjoint + logProbSum + driftSum))
      this.explain(row, logProbs, old, reference, mask);
    this.policyLoss += weight * policySum;
    this.klLoss += weight * klSum;
    tally.rows++;
    tally.tokens += tokens;
    tally.kl += klTally;
    tally.drift += driftSum;
    tally.negativeLogProb -= logProbSum;
    tally.ratioSum += ratioSum;
    tally.ratioSquares += ratioSquares;
    tally.ratioMin = ratioMin;
    tally.ratioMax = ratioMax;
    tally.clipLow += clipLow;
    tally.clipHigh += clipHigh;
    if (config.entropyCoef !== 0) this.entropyTerm(row, mask);
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

  /** Distributes a gradient with respect to the sequence log-ratio over its tokens. */
  private spread(
    gradient: Float64Array,
    adjoint: number,
    logProbs: TokenRow,
    old: TokenRow,
    mask: Uint8Array | undefined,
    entropy: TokenRow | undefined,
    advantage: number,
    tokens: number,
  ): void {
    const { config } = this;
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
    const each = adjoint / Math.max(count, 1);
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

  private explain(
    row: number,
    logProbs: TokenRow,
    old: TokenRow,
    reference: TokenRow | undefined,
    mask: Uint8Array | undefined,
  ): never {
    throwNonFinite("logProbs", row, logProbs, mask);
    throwNonFinite("oldLogProbs", row, old, mask);
    if (reference) throwNonFinite("referenceLogProbs", row, reference, mask);
    throw new GrpoNumericError(
      `the loss of row ${row} overflowed with finite inputs: a log-ratio is too large for exp. ` +
        "Set logRatioClamp (20) for the importance ratio or klLogRatioClamp (10) for the KL, or look for a mismatch between old and new log-probabilities",
    );
  }
}
