import type { Node, Value } from "../graph.js";
import { cast, div, equal, exp, mul, sub } from "../ops/elementwise.js";
import { expand, reshape } from "../ops/layout.js";
import { reduceSum } from "../ops/reduce.js";
import { sizeOf } from "../tensor.js";
import { intOf, operand, type Rules, result } from "./rule.js";

function keepRank(node: Node, value: Value): Value {
  const axes = node.attributes._axes as readonly number[];
  return reshape(
    value,
    operand(node, 0).shape.map((d, i) => (axes.includes(i) ? 1 : d)),
  );
}

/** Gradient rules of reductions and softmaxes. */
export const reduceRules: Rules = {
  ReduceSum: (n, dy) => [expand(keepRank(n, dy), operand(n, 0).shape)],
  ReduceMean: (n, dy) => {
    const { shape } = operand(n, 0);
    return [expand(keepRank(n, mul(dy, sizeOf(dy.shape) / sizeOf(shape))), shape)];
  },
  ReduceMax: (n, dy) => {
    const x = operand(n, 0);
    const hit = cast(equal(x, keepRank(n, result(n))), x.dtype);
    const share = div(hit, reduceSum(hit, n.attributes._axes as readonly number[]));
    return [mul(share, keepRank(n, dy))];
  },
  Softmax: (n, dy) => {
    const y = result(n);
    return [mul(y, sub(dy, reduceSum(mul(dy, y), [intOf(n, "axis")])))];
  },
  LogSoftmax: (n, dy) => [sub(dy, mul(exp(result(n)), reduceSum(dy, [intOf(n, "axis")])))],
};
