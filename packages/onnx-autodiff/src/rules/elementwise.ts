import type { Node, Value } from "../graph.js";
import {
  add,
  cast,
  cos,
  div,
  erf,
  exp,
  GELU_TANH,
  greater,
  less,
  log,
  mul,
  neg,
  pow,
  sigmoid,
  sign,
  sin,
  sub,
  where,
} from "../ops/elementwise.js";
import { isFloat } from "../tensor.js";
import { operand, type Rules, result, unbroadcast } from "./rule.js";

const select = (node: Node, dy: Value, need: (i: number) => boolean, first: Value, at: number) => [
  need(at) ? unbroadcast(where(first, dy, 0), operand(node, at).shape) : undefined,
  need(at + 1) ? unbroadcast(where(first, 0, dy), operand(node, at + 1).shape) : undefined,
];

/** Gradient rules of the elementwise ops. */
export const elementwiseRules: Rules = {
  Identity: (_n, dy) => [dy],
  Add: (n, dy, need) => [0, 1].map((i) => (need(i) ? unbroadcast(dy, operand(n, i).shape) : undefined)),
  Sub: (n, dy, need) => [
    need(0) ? unbroadcast(dy, operand(n, 0).shape) : undefined,
    need(1) ? unbroadcast(neg(dy), operand(n, 1).shape) : undefined,
  ],
  Mul: (n, dy, need) => {
    const [a, b] = [operand(n, 0), operand(n, 1)];
    return [
      need(0) ? unbroadcast(mul(dy, b), a.shape) : undefined,
      need(1) ? unbroadcast(mul(dy, a), b.shape) : undefined,
    ];
  },
  Div: (n, dy, need) => {
    const [a, b] = [operand(n, 0), operand(n, 1)];
    const da = div(dy, b);
    return [
      need(0) ? unbroadcast(da, a.shape) : undefined,
      need(1) ? unbroadcast(neg(mul(da, result(n))), b.shape) : undefined,
    ];
  },
  Pow: (n, dy, need) => {
    const [a, b] = [operand(n, 0), operand(n, 1)];
    return [
      need(0) ? unbroadcast(mul(dy, mul(b, pow(a, sub(b, 1)))), a.shape) : undefined,
      need(1) ? unbroadcast(mul(dy, mul(result(n), log(a))), b.shape) : undefined,
    ];
  },
  Min: (n, dy, need) => select(n, dy, need, less(operand(n, 0), operand(n, 1)), 0),
  Max: (n, dy, need) => select(n, dy, need, greater(operand(n, 0), operand(n, 1)), 0),
  Where: (n, dy, need) => [undefined, ...select(n, dy, need, operand(n, 0), 1)],
  Neg: (_n, dy) => [neg(dy)],
  Exp: (n, dy) => [mul(dy, result(n))],
  Log: (n, dy) => [div(dy, operand(n, 0))],
  Sqrt: (n, dy) => [div(mul(dy, 0.5), result(n))],
  Reciprocal: (n, dy) => [neg(mul(dy, mul(result(n), result(n))))],
  Sin: (n, dy) => [mul(dy, cos(operand(n, 0)))],
  Cos: (n, dy) => [neg(mul(dy, sin(operand(n, 0))))],
  Tanh: (n, dy) => [mul(dy, sub(1, mul(result(n), result(n))))],
  Erf: (n, dy) => [mul(dy, mul(exp(neg(mul(operand(n, 0), operand(n, 0)))), 2 / Math.sqrt(Math.PI)))],
  Sigmoid: (n, dy) => [mul(dy, mul(result(n), sub(1, result(n))))],
  Softplus: (n, dy) => [mul(dy, sigmoid(operand(n, 0)))],
  Relu: (n, dy) => [where(greater(operand(n, 0), 0), dy, 0)],
  Abs: (n, dy) => [mul(dy, sign(operand(n, 0)))],
  // silu' = s (1 + x - silu)
  Silu: (n, dy) => {
    const x = operand(n, 0);
    return [mul(dy, mul(sigmoid(x), add(sub(x, result(n)), 1)))];
  },
  // y = x s with s = sigmoid(2u), so y' = s + 2 y (1 - s) u'
  GeluTanh: (n, dy) => {
    const { c, a } = GELU_TANH;
    const [x, y] = [operand(n, 0), result(n)];
    const x2 = mul(x, x);
    const s = sigmoid(mul(x, add(mul(x2, 2 * c * a), 2 * c)));
    return [mul(dy, add(s, mul(mul(y, sub(1, s)), add(mul(x2, 6 * c * a), 2 * c))))];
  },
  // y' = Phi(x) + x phi(x)
  GeluErf: (n, dy) => {
    const x = operand(n, 0);
    const cdf = mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);
    const pdf = mul(exp(mul(mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return [mul(dy, add(cdf, mul(x, pdf)))];
  },
  Cast: (n, dy) => [isFloat(operand(n, 0).dtype) ? cast(dy, operand(n, 0).dtype) : undefined],
};
