import type { LossConfig } from "../config/loss-config.js";

/** What a policy term writes: its value and its two partial derivatives. Reused, so that no token allocates. */
export interface TermOutput {
  /** Loss of this token. */
  value: number;
  /** d value / d log-ratio, where the log-ratio is logp - old (token) or its sequence form. */
  dLogRatio: number;
  /** d value / d logp not through the ratio (losses of the form weight * logp). */
  dLogProb: number;
  /** -1: the lower clip decided, 1: the upper one, 0: neither. */
  clipped: number;
}

/**
 * A policy objective at one token. `ratio = exp(logRatio)`; `weight` is the detached sequence weight of VESPO, else 1.
 */
export type PolicyTerm = (
  ratio: number,
  advantage: number,
  logProb: number,
  oldLogProb: number,
  weight: number,
  out: TermOutput,
) => void;

/** min(min(r, delta) A, clip(r) A), negated; at a tie torch halves the gradient between both sides, so do we. */
function clippedTerm(config: LossConfig): PolicyTerm {
  const low = 1 - config.epsilon;
  const high = 1 + (config.epsilonHigh ?? config.epsilon);
  const delta = config.delta ?? Number.POSITIVE_INFINITY;
  const dual = config.dualClip ?? Number.POSITIVE_INFINITY;
  return (ratio, advantage, _logProb, _old, _weight, out) => {
    const capped = Math.min(ratio, delta);
    const clipped = Math.max(Math.min(ratio, high), low);
    const unclippedSide = capped * advantage;
    const clippedSide = clipped * advantage;
    const slopeUnclipped = ratio <= delta ? ratio * advantage : 0;
    const slopeClipped = ratio >= low && ratio <= high ? ratio * advantage : 0;
    let value = unclippedSide;
    let slope = slopeUnclipped;
    if (clippedSide < unclippedSide) {
      value = clippedSide;
      slope = slopeClipped;
    } else if (clippedSide === unclippedSide) slope = 0.5 * (slopeUnclipped + slopeClipped);
    out.clipped = advantage > 0 ? (capped > high ? 1 : 0) : advantage < 0 && capped < low ? -1 : 0;
    if (advantage < 0 && value < dual * advantage) {
      value = dual * advantage;
      slope = 0;
    }
    out.value = -value;
    out.dLogRatio = -slope;
    out.dLogProb = 0;
  };
}

/** -sg[clip(r)] A logp. */
function cispoTerm(config: LossConfig): PolicyTerm {
  const highOption = config.epsilonHigh ?? config.epsilon;
  const low = config.cispoClip === "range" ? 1 - config.epsilon : Number.NEGATIVE_INFINITY;
  const high = config.cispoClip === "range" ? 1 + highOption : highOption;
  return (ratio, advantage, logProb, _old, _weight, out) => {
    const coefficient = -Math.min(Math.max(ratio, low), high) * advantage;
    out.value = coefficient * logProb;
    out.dLogRatio = 0;
    out.dLogProb = coefficient;
    out.clipped = ratio > high && advantage > 0 ? 1 : 0;
  };
}

/** -A sigmoid(tau (r - 1)) 4 / tau. */
function sapoTerm(config: LossConfig): PolicyTerm {
  return (ratio, advantage, _logProb, _old, _weight, out) => {
    const temperature = advantage > 0 ? config.sapoTemperaturePos : config.sapoTemperatureNeg;
    const gate = 1 / (1 + Math.exp(-temperature * (ratio - 1)));
    out.value = (-4 / temperature) * gate * advantage;
    // At a huge ratio the gate is exactly 1 and its slope 0: do not form infinity * 0.
    const slope = gate * (1 - gate);
    out.dLogRatio = slope === 0 ? 0 : -4 * slope * ratio * advantage;
    out.dLogProb = 0;
    out.clipped = 0;
  };
}

/** -sg[weight] A logp: VESPO with its gamma weight, GPG (plain policy gradient) with weight 1. */
function weightedLogProbTerm(): PolicyTerm {
  return (_ratio, advantage, logProb, _old, weight, out) => {
    const coefficient = -weight * advantage;
    out.value = coefficient * logProb;
    out.dLogRatio = 0;
    out.dLogProb = coefficient;
    out.clipped = 0;
  };
}

/** -A exp(clipped mean log-ratio); the clipping itself happens while the mean is formed. */
function geometricTerm(): PolicyTerm {
  return (ratio, advantage, _logProb, _old, _weight, out) => {
    out.value = -ratio * advantage;
    out.dLogRatio = -ratio * advantage;
    out.dLogProb = 0;
    out.clipped = 0;
  };
}

/** -A sg[min(r, cap)] logp, only where the binary divergence of the sampled token is inside the trust region. */
function dppoTerm(config: LossConfig): PolicyTerm {
  const low = config.epsilon;
  const high = config.epsilonHigh ?? config.epsilon;
  const totalVariation = config.lossType === "dppo_tv";
  return (ratio, advantage, logProb, oldLogProb, _weight, out) => {
    const probability = Math.exp(logProb);
    const old = Math.exp(oldLogProb);
    const difference = probability - old;
    let valid: boolean;
    if (totalVariation) valid = advantage > 0 ? difference <= high : difference >= -low;
    else {
      const rest = (1 - old) * Math.log((1 - old + 1e-8) / (1 - probability + 1e-8));
      const divergence = old * (oldLogProb - logProb) + rest;
      valid = advantage > 0 ? divergence <= high || difference <= 0 : divergence <= low || difference >= 0;
    }
    const coefficient = valid ? -advantage * Math.min(ratio, config.dppoRatioCap) : 0;
    out.value = coefficient * logProb;
    out.dLogRatio = 0;
    out.dLogProb = coefficient;
    out.clipped = valid ? 0 : advantage > 0 ? 1 : -1;
  };
}

/** -(A logp - tau / 2 (logp - old)^2). */
function droTerm(config: LossConfig): PolicyTerm {
  return (_ratio, advantage, logProb, oldLogProb, _weight, out) => {
    const drift = logProb - oldLogProb;
    out.value = -advantage * logProb + 0.5 * config.droTau * drift * drift;
    out.dLogRatio = 0;
    out.dLogProb = -advantage + config.droTau * drift;
    out.clipped = 0;
  };
}

/** The policy term of a configuration, as a function without branches on the loss type. */
export function policyTerm(config: LossConfig): PolicyTerm {
  switch (config.lossType) {
    case "cispo":
      return cispoTerm(config);
    case "sapo":
      return sapoTerm(config);
    case "vespo":
    case "gpg":
      return weightedLogProbTerm();
    case "gmpo":
      return geometricTerm();
    case "dppo_tv":
    case "dppo_kl":
      return dppoTerm(config);
    case "dro":
      return droTerm(config);
    default:
      return clippedTerm(config);
  }
}
