import {
  abs,
  add,
  cast,
  div,
  exp,
  greater,
  less,
  log,
  mul,
  neg,
  type Operand,
  reduceSum,
  sigmoid,
  stopGradient,
  sub,
  sumAll,
  type Value,
  where,
} from "@videosafety/onnx-autodiff";
import { aggregationOf, type LossConfig, type LossOptions, lossConfigSchema } from "../config/loss-config.js";
import { parseConfig } from "../config/parse-config.js";
import { GrpoConfigError } from "../errors.js";

/** Inputs of the loss, as values of one graph. B completions padded to L tokens; padding may hold anything. */
export interface GrpoLossGraphInputs {
  /** Log-probabilities under the policy, [B, L], float: what the gradient flows into. */
  readonly logProbs: Value;
  /** 1 = the token counts, [B, L], same type. */
  readonly mask: Value;
  /** [B, 1], same type. */
  readonly advantages: Value;
  /** [B, L]; left out = on-policy. */
  readonly oldLogProbs?: Value;
  /** [B, L]; required when `beta > 0`. */
  readonly referenceLogProbs?: Value;
  /**
   * Factor on the policy term, [B, L] or [B, 1]: the product of whatever applies of entropy mask, off-policy mask,
   * zero-variance mask and rollout weights, which are decided on the host (`lossNormalizers`, `rolloutCorrection`).
   */
  readonly shares?: Value;
}

/** Denominators of the whole update; default those of this batch, computed in the graph. */
export interface GrpoLossGraphNormalizers {
  /** Completions. */
  readonly rows?: Operand;
  /** Counted tokens. */
  readonly tokens?: Operand;
}

/** Scalars. */
export interface GrpoLossGraph {
  readonly loss: Value;
  readonly policyLoss: Value;
  readonly klLoss: Value;
}

const clamp = (x: Value, low: number, high: number): Value => {
  const capped = Number.isFinite(high) ? where(greater(x, high), high, x) : x;
  return Number.isFinite(low) ? where(less(capped, low), low, capped) : capped;
};

/**
 * The same losses as `grpoLoss`, as nodes at the end of an onnx-autodiff graph: differentiate it with `valueAndGrad`. For
 * models whose log-probabilities are values of the same graph, it saves the trip through the host.
 *
 * @throws GrpoConfigError on options the graph has no form for (entropyCoef; VESPO with shares)
 */
export function grpoLossGraph(
  inputs: GrpoLossGraphInputs,
  options: LossOptions = {},
  normalizers: GrpoLossGraphNormalizers = {},
): GrpoLossGraph {
  const config = parseConfig(lossConfigSchema, options, "the loss options");
  if (config.entropyCoef !== 0)
    throw new GrpoConfigError(
      "entropyCoef is not part of the loss graph: subtract it where the entropies are computed",
    );
  if (config.lossType === "vespo" && inputs.shares)
    throw new GrpoConfigError("VESPO takes rollout weights inside its own weight; the loss graph has no form for that");
  if (config.beta > 0 && !inputs.referenceLogProbs)
    throw new GrpoConfigError(`beta is ${config.beta} but the graph has no referenceLogProbs`);
  const counted = greater(inputs.mask, 0.5);
  const mask = cast(counted, inputs.logProbs.dtype);
  const clean = (x: Value): Value => where(counted, x, 0); // padding may hold NaN, and NaN * 0 is NaN
  const logProbs = clean(inputs.logProbs);
  const old = inputs.oldLogProbs ? clean(inputs.oldLogProbs) : stopGradient(logProbs);
  const tokens = reduceSum(mask, [1], true);
  const rowTokens = where(less(tokens, 1), 1, tokens);
  const drift = sub(logProbs, old);
  const logRatio = logRatioOf(drift, mask, rowTokens, inputs.advantages, config);
  const bound = config.logRatioClamp ?? Number.POSITIVE_INFINITY;
  const ratio = exp(clamp(logRatio, -bound, bound));
  const policy = policyOf(ratio, logProbs, old, drift, mask, inputs.advantages, config);
  const shared = inputs.shares ? mul(policy, inputs.shares) : policy;
  const aggregate = (x: Value) => aggregateOf(mul(x, mask), tokens, rowTokens, config, normalizers);
  const policyLoss = aggregate(shared);
  if (config.beta === 0 || !inputs.referenceLogProbs)
    return { loss: policyLoss, policyLoss, klLoss: mul(policyLoss, 0) };
  const estimate = klOf(sub(clean(inputs.referenceLogProbs), logProbs), config);
  const corrected = config.useBiasCorrectionKl && config.lossType !== "gmpo" ? mul(estimate, ratio) : estimate;
  const klLoss = mul(aggregate(corrected), config.beta);
  return { loss: add(policyLoss, klLoss), policyLoss, klLoss };
}

/** Log-ratios [B, L] or [B, 1], before the clamp. */
function logRatioOf(drift: Value, mask: Value, rowTokens: Value, advantages: Value, config: LossConfig): Value {
  const mean = (x: Value) => div(reduceSum(mul(x, mask), [1], true), rowTokens);
  if (config.lossType === "gmpo") {
    const high = config.epsilonHigh ?? config.epsilon;
    const none = Number.POSITIVE_INFINITY;
    return mean(where(greater(advantages, 0), clamp(drift, -none, high), clamp(drift, -config.epsilon, none)));
  }
  if (config.importanceSamplingLevel === "token") return drift;
  const sequence = mean(drift);
  if (config.importanceSamplingLevel === "sequence") return sequence;
  return add(stopGradient(sequence), sub(drift, stopGradient(drift)));
}

function policyOf(
  ratio: Value,
  logProbs: Value,
  old: Value,
  drift: Value,
  mask: Value,
  advantages: Value,
  config: LossConfig,
): Value {
  const low = config.epsilon;
  const high = config.epsilonHigh ?? config.epsilon;
  const rising = greater(advantages, 0);
  const weighted = (weight: Operand) => neg(mul(mul(advantages, weight), logProbs));
  switch (config.lossType) {
    case "cispo": {
      const range = config.cispoClip === "range";
      return weighted(stopGradient(clamp(ratio, range ? 1 - low : Number.NEGATIVE_INFINITY, range ? 1 + high : high)));
    }
    case "sapo": {
      const [up, down] = [config.sapoTemperaturePos, config.sapoTemperatureNeg];
      const gate = (temperature: number) => mul(sigmoid(mul(sub(ratio, 1), temperature)), 4 / temperature);
      return neg(mul(where(rising, gate(up), gate(down)), advantages));
    }
    case "vespo": {
      const total = reduceSum(mul(clamp(drift, -20, 20), mask), [1], true);
      const logWeight = clamp(total, Math.log(1e-8), 20);
      const phi = (k: number, lambda: number) =>
        exp(sub(add(mul(logWeight, k), lambda), mul(exp(logWeight), Math.max(lambda, 1e-4))));
      const negative = less(advantages, 0);
      return weighted(
        stopGradient(
          where(negative, phi(config.vespoKNeg, config.vespoLambdaNeg), phi(config.vespoKPos, config.vespoLambdaPos)),
        ),
      );
    }
    case "gpg":
      return weighted(1);
    case "gmpo":
      return neg(mul(ratio, advantages));
    case "dro":
      return sub(mul(mul(drift, drift), config.droTau / 2), mul(advantages, logProbs));
    case "dppo_tv":
    case "dppo_kl": {
      const [p, q] = [exp(logProbs), exp(old)];
      const difference = sub(p, q);
      const rest = (x: Value) => add(neg(x), 1 + 1e-8);
      const divergence = add(mul(q, sub(old, logProbs)), mul(add(neg(q), 1), log(div(rest(q), rest(p)))));
      const one = add(mul(difference, 0), 1);
      const zero = mul(difference, 0);
      const inside = (sign: 1 | -1, bound: number): Value => {
        if (config.lossType === "dppo_tv") return where(greater(mul(difference, sign), bound), zero, one);
        const moved = greater(mul(difference, sign), 0);
        return where(moved, where(greater(divergence, bound), zero, one), one);
      };
      const valid = where(rising, inside(1, high), inside(-1, low));
      return weighted(stopGradient(mul(clamp(ratio, Number.NEGATIVE_INFINITY, config.dppoRatioCap), valid)));
    }
    default: {
      const free = mul(clamp(ratio, Number.NEGATIVE_INFINITY, config.delta ?? Number.POSITIVE_INFINITY), advantages);
      const clipped = mul(clamp(ratio, 1 - low, 1 + high), advantages);
      const surrogate = where(less(clipped, free), clipped, free);
      if (config.dualClip === null) return neg(surrogate);
      const floor = mul(advantages, config.dualClip);
      const bounded = where(less(surrogate, floor), floor, surrogate);
      return neg(where(less(advantages, 0), bounded, surrogate));
    }
  }
}

function klOf(raw: Value, config: LossConfig): Value {
  const [a, b] = [config.klLogRatioClamp ?? Number.POSITIVE_INFINITY, config.klValueClamp ?? Number.POSITIVE_INFINITY];
  const x = clamp(raw, -a, a);
  const half = (y: Value) => mul(mul(y, y), 0.5);
  const k3 = sub(sub(exp(x), x), 1);
  switch (config.klEstimator) {
    case "k1":
      return clamp(neg(x), -b, b);
    case "k2":
      return clamp(half(x), -b, b);
    case "abs":
      return clamp(abs(x), -b, b);
    case "k3":
      return clamp(k3, -b, b);
    case "k3+": {
      const straight = half(raw);
      return add(sub(straight, stopGradient(straight)), stopGradient(clamp(k3, -b, b)));
    }
  }
}

/** Masked token losses [B, L] to one number. */
function aggregateOf(
  losses: Value,
  tokens: Value,
  rowTokens: Value,
  config: LossConfig,
  normalizers: GrpoLossGraphNormalizers,
): Value {
  const rows = normalizers.rows ?? (losses.shape[0] as number);
  const filled = (x: Value) => where(less(x, 1), 1, x);
  switch (aggregationOf(config)) {
    case "sequence_mean_token_mean":
      return div(sumAll(div(losses, rowTokens)), rows);
    case "sequence_mean_token_mean_nonempty": {
      const some = sumAll(where(greater(tokens, 0), add(mul(tokens, 0), 1), mul(tokens, 0)));
      return div(sumAll(div(losses, rowTokens)), filled(some));
    }
    case "sequence_mean_token_sum":
      return div(sumAll(losses), rows);
    case "sequence_mean_token_sum_norm":
      return div(div(sumAll(losses), config.maxCompletionLength), rows);
    case "token_mean":
      return div(sumAll(losses), normalizers.tokens ?? filled(sumAll(tokens)));
    case "token_sum":
      return sumAll(losses);
  }
}
