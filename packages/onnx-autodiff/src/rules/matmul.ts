import type { Value } from "../graph.js";
import { matmul } from "../ops/matmul.js";
import { floatOf, intOf, operand, type Rules, unbroadcast } from "./rule.js";

/** Gradient rule of the matrix product. */
export const matmulRules: Rules = {
  FusedMatMul: (n, dy, need) => {
    const [a, b] = [operand(n, 0), operand(n, 1)];
    const [tA, tB, alpha] = [intOf(n, "transA") === 1, intOf(n, "transB") === 1, floatOf(n, "alpha")];
    const da = (): Value =>
      tA ? matmul(b, dy, { transposeA: tB, transposeB: true, alpha }) : matmul(dy, b, { transposeB: !tB, alpha });
    const db = (): Value =>
      tB ? matmul(dy, a, { transposeA: true, transposeB: tA, alpha }) : matmul(a, dy, { transposeA: !tA, alpha });
    return [need(0) ? unbroadcast(da(), a.shape) : undefined, need(1) ? unbroadcast(db(), b.shape) : undefined];
  },
};
