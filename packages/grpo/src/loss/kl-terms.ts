import type { KlEstimator, LossConfig } from "../config/loss-config.js";

/** Value and derivative of one KL estimate. */
export interface KlOutput {
  /** Estimate of KL(policy || reference) at this token, nats. */
  value: number;
  /** d value / d logp of the policy. */
  dLogProb: number;
}

/**
 * One KL estimate from x = reference - policy log-probability, clamps included. Both clamps follow torch: the bound
 * itself still passes the gradient, beyond it the gradient is 0.
 */
export function klTermInto(
  reference: number,
  policy: number,
  estimator: KlEstimator,
  logRatioClamp: number,
  valueClamp: number,
  out: KlOutput,
): void {
  const raw = reference - policy;
  const x = Math.min(Math.max(raw, -logRatioClamp), logRatioClamp);
  const passes = raw <= logRatioClamp && raw >= -logRatioClamp;
  let value: number;
  let slope: number; // d value / d policy log-probability = - d value / d x
  switch (estimator) {
    case "k1":
      value = -x;
      slope = 1;
      break;
    case "k2":
      value = 0.5 * x * x;
      slope = -x;
      break;
    case "abs":
      value = x < 0 ? -x : x;
      slope = x > 0 ? -1 : x < 0 ? 1 : 0;
      break;
    default: {
      const e = x === 0 ? 1 : Math.exp(x);
      value = e - x - 1;
      slope = 1 - e;
    }
  }
  out.value = Math.min(Math.max(value, -valueClamp), valueClamp);
  // The straight-through gradient of k3+ is that of the unclamped k2.
  if (estimator === "k3+") out.dLogProb = -raw;
  else out.dLogProb = passes && value <= valueClamp && value >= -valueClamp ? slope : 0;
}

/** The KL estimate of one token, for inspection and tests; same arithmetic as the loss. */
export function klEstimate(
  reference: number,
  policy: number,
  config: Pick<LossConfig, "klEstimator" | "klLogRatioClamp" | "klValueClamp">,
): KlOutput {
  const out = { value: 0, dLogProb: 0 };
  klTermInto(
    reference,
    policy,
    config.klEstimator,
    config.klLogRatioClamp ?? Number.POSITIVE_INFINITY,
    config.klValueClamp ?? Number.POSITIVE_INFINITY,
    out,
  );
  return out;
}
