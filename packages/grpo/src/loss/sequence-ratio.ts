import type { LossConfig } from "../config/loss-config.js";
import type { TokenRow } from "./loss-batch.js";

/** GSPO: mean of logp - old over the counted tokens of a row. */
export function meanLogRatio(logProbs: TokenRow, old: TokenRow, mask: Uint8Array | undefined, tokens: number): number {
  let sum = 0;
  for (let token = 0; token < logProbs.length; token++) {
    if (mask && mask[token] === 0) continue;
    sum += (logProbs[token] as number) - (old[token] as number);
  }
  return sum / Math.max(tokens, 1);
}

/**
 * GMPO: mean of the log-ratios, each clipped on the side its advantage can exploit (in log space, [-epsilon, epsilonHigh]),
 * over the counted tokens of high enough entropy.
 */
export function geometricLogRatio(
  logProbs: TokenRow,
  old: TokenRow,
  mask: Uint8Array | undefined,
  entropy: TokenRow | undefined,
  threshold: number,
  advantage: number,
  config: Pick<LossConfig, "epsilon" | "epsilonHigh">,
): number {
  const high = config.epsilonHigh ?? config.epsilon;
  let sum = 0;
  let count = 0;
  for (let token = 0; token < logProbs.length; token++) {
    if (mask && mask[token] === 0) continue;
    if (entropy && (entropy[token] as number) < threshold) continue;
    const drift = (logProbs[token] as number) - (old[token] as number);
    sum += advantage > 0 ? Math.min(drift, high) : Math.max(drift, -config.epsilon);
    count++;
  }
  return sum / Math.max(count, 1);
}

/** exp of a clamped sequence log-ratio, and whether the clamp lets the gradient pass (its bounds do). */
export function clampedSequenceRatio(logRatio: number, clamp: number): { ratio: number; passes: boolean } {
  const passes = logRatio <= clamp && logRatio >= -clamp;
  return { ratio: Math.exp(passes ? logRatio : Math.sign(logRatio) * clamp), passes };
}

const LOWEST = Math.log(1e-8);
const clampLog = (value: number): number => Math.min(Math.max(value, LOWEST), 20);

/**
 * VESPO's detached sequence weight phi(w) = exp(lambda + k ln w - lambda w), where ln w is the summed log-ratio plus the
 * log of the rollout weights, clamped to [ln 1e-8, 20]. Source: TRL 1.13, GRPOTrainer.get_gamma_weights.
 */
export function vespoWeight(
  logProbs: TokenRow,
  old: TokenRow,
  mask: Uint8Array | undefined,
  advantage: number,
  correction: Float64Array | undefined,
  config: Pick<LossConfig, "vespoKPos" | "vespoKNeg" | "vespoLambdaPos" | "vespoLambdaNeg">,
): number {
  let sum = 0;
  for (let token = 0; token < logProbs.length; token++) {
    if (mask && mask[token] === 0) continue;
    const drift = (logProbs[token] as number) - (old[token] as number);
    sum += Math.min(Math.max(drift, -20), 20);
  }
  if (correction) for (const weight of correction) sum += clampLog(Math.log(weight));
  const logWeight = clampLog(sum);
  const k = advantage >= 0 ? config.vespoKPos : config.vespoKNeg;
  const lambda = Math.max(advantage >= 0 ? config.vespoLambdaPos : config.vespoLambdaNeg, 1e-4);
  const phi = Math.exp(lambda + k * logWeight - lambda * Math.exp(logWeight));
  return Number.isFinite(phi) ? phi : 0;
}
