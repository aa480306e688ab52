import type { Value } from "../graph.js";
import { mul, sub } from "../ops/elementwise.js";
import { rope } from "../ops/normalization.js";
import { mean } from "../ops/reduce.js";
import { intOf, operand, type Rules, result, unbroadcast } from "./rule.js";

/** Gradient rules of norms and rotary embedding. */
export const normalizationRules: Rules = {
  RmsNorm: (n, dy, need) => {
    const [x, w, rstd] = [operand(n, 0), operand(n, 1), result(n, 1)];
    const xhat = mul(x, rstd);
    const dxhat = mul(dy, w);
    return [
      need(0) ? mul(sub(dxhat, mul(xhat, mean(mul(dxhat, xhat), -1))), rstd) : undefined,
      need(1) ? unbroadcast(mul(dy, xhat), w.shape) : undefined,
    ];
  },
  LayerNorm: (n, dy, need) => {
    const [x, w, b, mu, rstd] = [operand(n, 0), operand(n, 1), operand(n, 2), result(n, 1), result(n, 2)];
    const xhat = mul(sub(x, mu), rstd);
    const dxhat = mul(dy, w);
    const inner = (): Value => sub(sub(dxhat, mean(dxhat, -1)), mul(xhat, mean(mul(dxhat, xhat), -1)));
    return [
      need(0) ? mul(inner(), rstd) : undefined,
      need(1) ? unbroadcast(mul(dy, xhat), w.shape) : undefined,
      need(2) ? unbroadcast(dy, b.shape) : undefined,
    ];
  },
  // A rotation: its transpose is the inverse rotation. The tables are constants.
  Rope: (n, dy) => [rope(dy, operand(n, 1), operand(n, 2), intOf(n, "heads"), true)],
};
