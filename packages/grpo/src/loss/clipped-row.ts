import type { LossConfig } from "../config/loss-config.js";
import type { RowSums, RowTask } from "./row-loop.js";

/** Whether `clippedRow` computes this row: the clipped loss with a ratio per token, and at most a k3 KL. */
export function isPlainClipped(task: RowTask, config: LossConfig): boolean {
  return (
    ["grpo", "dapo", "bnpo", "dr_grpo", "luspo"].includes(config.lossType) &&
    config.delta === null &&
    config.dualClip === null &&
    config.logRatioClamp === null &&
    config.klValueClamp === null &&
    config.klEstimator === "k3" &&
    task.sequence === null &&
    task.tokenShares === undefined &&
    task.entropy === undefined &&
    task.terms === undefined
  );
}

/**
 * `generalRow` for the loss almost every run uses, about three times as fast: one loop, two exponentials, no calls. Tested
 * to give the same loss and metrics to the bit, and gradients to within a rounding.
 */
export function clippedRow(task: RowTask, config: LossConfig): RowSums {
  const { logProbs, old, reference, mask, advantage, share, beta, correctKl, gradient, weight } = task;
  const low = 1 - config.epsilon;
  const high = 1 + (config.epsilonHigh ?? config.epsilon);
  const klClamp = config.klLogRatioClamp ?? Number.POSITIVE_INFINITY;
  const rising = advantage > 0;
  const falling = advantage < 0;
  // Locals: fields of an object would be written back at every token.
  let policySum = 0;
  let klSum = 0;
  let klEstimate = 0;
  let gradientSum = 0;
  let logProbSum = 0;
  let driftSum = 0;
  let ratioSum = 0;
  let ratioSquares = 0;
  let ratioMin = Number.POSITIVE_INFINITY;
  let ratioMax = Number.NEGATIVE_INFINITY;
  let clipLow = 0;
  let clipHigh = 0;
  for (let token = 0; token < logProbs.length; token++) {
    if (mask !== undefined && mask[token] === 0) continue;
    const logProb = logProbs[token] as number;
    const drift = logProb - (old[token] as number);
    const ratio = Math.exp(drift);
    let value = ratio * advantage;
    let slope = value;
    if (rising && ratio > high) {
      value = high * advantage;
      slope = 0;
      clipHigh++;
    } else if (falling && ratio < low) {
      value = low * advantage;
      slope = 0;
      clipLow++;
    }
    let klLoss = 0;
    let total = -share * slope;
    if (reference !== undefined) {
      const raw = (reference[token] as number) - logProb;
      const x = Math.min(Math.max(raw, -klClamp), klClamp);
      const e = Math.exp(x);
      const estimate = e - x - 1;
      const correction = correctKl ? ratio : 1;
      klEstimate += estimate;
      klLoss = beta * estimate * correction;
      if (raw === x) total += beta * (1 - e) * correction;
      if (correctKl) total += klLoss;
    }
    gradient[token] = weight * total;
    policySum -= share * value;
    klSum += klLoss;
    gradientSum += total;
    logProbSum += logProb;
    driftSum -= drift;
    ratioSum += ratio;
    ratioSquares += ratio * ratio;
    if (ratio < ratioMin) ratioMin = ratio;
    if (ratio > ratioMax) ratioMax = ratio;
  }
  return {
    adjoint: 0,
    policy: policySum,
    kl: klSum,
    klEstimate,
    gradient: gradientSum,
    logProb: logProbSum,
    drift: driftSum,
    ratio: ratioSum,
    ratioSquares,
    ratioMin,
    ratioMax,
    clipLow: share === 0 ? 0 : clipLow,
    clipHigh: share === 0 ? 0 : clipHigh,
  };
}
