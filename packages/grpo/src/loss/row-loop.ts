import type { LossConfig } from "../config/loss-config.js";
import { klTermInto } from "./kl-terms.js";
import type { TokenRow } from "./loss-batch.js";
import type { PolicyTerm, TermOutput } from "./policy-terms.js";

/** One row, with everything that does not change from token to token settled. */
export interface RowTask {
  readonly logProbs: TokenRow;
  readonly old: TokenRow;
  readonly reference: TokenRow | undefined;
  readonly mask: Uint8Array | undefined;
  readonly advantage: number;
  /** Factor on the policy term of the whole row: masks and sequence-level rollout weight. */
  readonly share: number;
  /** Rollout weights per token. */
  readonly tokenShares: Float64Array | undefined;
  /** Entropies, when tokens below the threshold lose their policy term. */
  readonly entropy: TokenRow | undefined;
  readonly entropyThreshold: number;
  /** VESPO's detached weight, else 1. */
  readonly phi: number;
  /** Weight of the KL term. */
  readonly beta: number;
  /** Whether the KL is multiplied by the importance ratio. */
  readonly correctKl: boolean;
  /** The sequence's ratio and whether its clamp passes gradients; null = one ratio per token. */
  readonly sequence: { readonly ratio: number; readonly passes: boolean } | null;
  /** The gradient with respect to the log-ratio goes to `RowSums.adjoint` instead of to this token. */
  readonly sharesGradient: boolean;
  /** Weight of each token in the aggregated loss. */
  readonly weight: number;
  /** Receives weight * d(token loss)/d(logp). */
  readonly gradient: Float64Array;
  /** Receive per-token terms, when asked for. */
  readonly terms:
    | { readonly losses: Float64Array; readonly kl: Float64Array; readonly ratios: Float64Array }
    | undefined;
}

/** Sums over the counted tokens of one row. */
export interface RowSums {
  /** Policy losses. */
  policy: number;
  /** KL losses, beta and bias correction included. */
  kl: number;
  /** KL estimates. */
  klEstimate: number;
  /** d(sum of token losses) / d(sequence log-ratio). */
  adjoint: number;
  /** Sum of gradients, only to notice one that is not finite. */
  gradient: number;
  logProb: number;
  drift: number;
  ratio: number;
  ratioSquares: number;
  ratioMin: number;
  ratioMax: number;
  clipLow: number;
  clipHigh: number;
}

/** The loop over tokens for every variant. `term` is the policy term of the configuration. */
export function generalRow(task: RowTask, config: LossConfig, term: PolicyTerm): RowSums {
  const { logProbs, old, reference, mask, advantage, entropy, tokenShares, sequence, beta, terms } = task;
  const clamp = config.logRatioClamp ?? Number.POSITIVE_INFINITY;
  const klClamp = config.klLogRatioClamp ?? Number.POSITIVE_INFINITY;
  const klValueClamp = config.klValueClamp ?? Number.POSITIVE_INFINITY;
  const out: TermOutput = { value: 0, dLogRatio: 0, dLogProb: 0, clipped: 0 };
  const kl = { value: 0, dLogProb: 0 };
  // Locals: fields of an object would be written back at every token.
  let [policySum, klSum, klEstimate, adjoint, gradientSum, logProbSum, driftSum] = [0, 0, 0, 0, 0, 0, 0];
  let [ratioSum, ratioSquares, clipLow, clipHigh] = [0, 0, 0, 0];
  let ratioMin = Number.POSITIVE_INFINITY;
  let ratioMax = Number.NEGATIVE_INFINITY;
  for (let token = 0; token < logProbs.length; token++) {
    if (mask !== undefined && mask[token] === 0) continue;
    const logProb = logProbs[token] as number;
    const oldLogProb = old[token] as number;
    const drift = logProb - oldLogProb;
    let ratio: number;
    let passes: boolean;
    if (sequence) {
      ratio = sequence.ratio;
      passes = sequence.passes;
    } else {
      passes = drift <= clamp && drift >= -clamp;
      ratio = Math.exp(passes ? drift : Math.sign(drift) * clamp);
    }
    term(ratio, advantage, logProb, oldLogProb, task.phi, out);
    let share = tokenShares ? task.share * (tokenShares[token] as number) : task.share;
    if (entropy !== undefined && (entropy[token] as number) < task.entropyThreshold) share = 0;
    let policy = 0;
    let dLogRatio = 0;
    let dLogProb = 0;
    if (share !== 0) {
      policy = share * out.value;
      dLogRatio = share * out.dLogRatio;
      dLogProb = share * out.dLogProb;
      if (out.clipped > 0) clipHigh++;
      else if (out.clipped < 0) clipLow++;
    }
    let klLoss = 0;
    if (reference !== undefined) {
      klTermInto(reference[token] as number, logProb, config.klEstimator, klClamp, klValueClamp, kl);
      klEstimate += kl.value;
      const correction = task.correctKl ? ratio : 1;
      if (beta !== 0) {
        klLoss = beta * kl.value * correction;
        dLogProb += beta * kl.dLogProb * correction;
        if (task.correctKl) dLogRatio += klLoss;
      }
    }
    if (!passes) dLogRatio = 0;
    if (task.sharesGradient) adjoint += dLogRatio;
    else dLogProb += dLogRatio;
    task.gradient[token] = task.weight * dLogProb;
    policySum += policy;
    klSum += klLoss;
    gradientSum += dLogProb;
    logProbSum += logProb;
    driftSum -= drift;
    ratioSum += ratio;
    ratioSquares += ratio * ratio;
    if (ratio < ratioMin) ratioMin = ratio;
    if (ratio > ratioMax) ratioMax = ratio;
    if (terms) {
      terms.losses[token] = policy + klLoss;
      terms.kl[token] = reference ? kl.value : 0;
      terms.ratios[token] = ratio;
    }
  }
  return {
    policy: policySum,
    kl: klSum,
    klEstimate,
    adjoint,
    gradient: gradientSum,
    logProb: logProbSum,
    drift: driftSum,
    ratio: ratioSum,
    ratioSquares,
    ratioMin,
    ratioMax,
    clipLow,
    clipHigh,
  };
}
