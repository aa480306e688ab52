import type { Value } from "../graph.js";
import { add, cast, div, exp, log, mul, neg, softplus, sub } from "../ops/elementwise.js";
import { pickLast, scatterAddLast } from "../ops/indexing.js";
import { concat, reshape, slice } from "../ops/layout.js";
import { matmul } from "../ops/matmul.js";
import { reduceMax, reduceSum, sumAll } from "../ops/reduce.js";
import { barrier } from "../rematerialize.js";
import { dim, sizeOf } from "../tensor.js";
import { firstOrder } from "./first-order.js";

/** Options of `tokenLogProbs`. */
export interface TokenLogProbsOptions {
  /** Rows a block, default 128: at most [chunk, V] logits exist at a time, in the forward and in the backward pass. */
  readonly chunk?: number;
  /** Logits are divided by it, default 1. */
  readonly temperature?: number;
  /** Keep the logits of the forward pass for the backward (faster, [N, V] floats more). Default false. */
  readonly keepLogits?: boolean;
}

/**
 * Log-probability of each target under softmax(h W^T / temperature): h [N, d], W [V, d], targets int [N] -> [N, 1].
 * Log-softmax is never materialised, and by default neither are the logits: each block of rows recomputes its own in the
 * backward pass. d logits = dy (onehot - softmax).
 */
export function tokenLogProbs(h: Value, weight: Value, targets: Value, options: TokenLogProbsOptions = {}): Value {
  const { chunk = 128, temperature = 1, keepLogits = false } = options;
  const rows = dim(h.shape, 0);
  const index = reshape(cast(targets, "int64"), [rows, 1]);
  const blocks: Value[] = [];
  for (let start = 0; start < rows; start += chunk) {
    const end = Math.min(start + chunk, rows);
    blocks.push(
      blockLogProbs(slice(h, 0, start, end), weight, slice(index, 0, start, end), 1 / temperature, keepLogits),
    );
  }
  return concat(blocks, 0);
}

function blockLogProbs(h: Value, weight: Value, index: Value, alpha: number, keepLogits: boolean): Value {
  const logitsOf = (x: Value, w: Value): Value => matmul(x, w, { transposeB: true, alpha });
  const body = (x: Value, w: Value): Value[] => {
    const logits = logitsOf(x, w);
    const peak = reduceMax(logits, [-1]);
    const logSum = add(peak, log(reduceSum(exp(sub(logits, peak)), [-1])));
    const y = sub(pickLast(logits, index), logSum);
    return keepLogits ? [y, logSum, logits] : [y, logSum];
  };
  const [y] = h.graph.region(
    [h, weight],
    body as (...values: Value[]) => Value[],
    ([x, w], [, logSum, kept]) =>
      (dys, need) => {
        const dy = firstOrder("tokenLogProbs", dys);
        if (!x || !w || !logSum || !dy) return [];
        const logits = kept ?? logitsOf(barrier(x, dy), w);
        const dense = mul(exp(sub(logits, logSum)), neg(dy));
        const dLogits = scatterAddLast(dense, index, dy);
        return [
          need(0) ? matmul(dLogits, w, { alpha }) : undefined,
          need(1) ? matmul(dLogits, x, { transposeA: true, alpha }) : undefined,
        ];
      },
  );
  return y as Value;
}

/** -sum(weights * logProbs) / normalizer, a scalar; the default normalizer is sum(weights). */
export function weightedNll(logProbs: Value, weights: Value, normalizer?: Value): Value {
  const w = reshape(weights, logProbs.shape);
  return div(neg(sumAll(mul(logProbs, w))), normalizer ?? sumAll(w));
}

/** Binary cross-entropy of each logit against a label in [0, 1]: softplus(x) - y x, stable for any x. Same shape as x. */
export const bceWithLogitsEach = (logits: Value, labels: Value): Value => sub(softplus(logits), mul(logits, labels));

/** Mean binary cross-entropy on logits, a scalar. */
export const bceWithLogits = (logits: Value, labels: Value): Value =>
  mul(sumAll(bceWithLogitsEach(logits, labels)), 1 / sizeOf(logits.shape));
