import { GraphError } from "../errors.js";
import type { Graph, Node, Value } from "../graph.js";
import { abs, add, div, erf, exp, GELU_TANH, log, max, min, mul, neg, sigmoid, sqrt, sub } from "../ops/elementwise.js";
import { concat, reshape, split, transpose } from "../ops/layout.js";
import { mean } from "../ops/reduce.js";
import { floatOf, intOf } from "../rules/rule.js";
import { dim, ownEntry } from "../tensor.js";
import { copyGraph } from "./copy-graph.js";
import { gaussLegendre } from "./gauss-legendre.js";

type Decomposition = (node: Node, inputs: readonly Value[]) => readonly Value[] | undefined;

function swapLast(x: Value): Value {
  const rank = x.shape.length;
  return transpose(
    x,
    x.shape.map((_, i) => (i === rank - 1 ? rank - 2 : i === rank - 2 ? rank - 1 : i)),
  );
}

const inverse = (x: Value): Value => div(1, x);

/** erf(x) = 2 x / sqrt(pi) times the integral of e^(-x^2 t^2) over [0, 1]: quadrature, to 1e-15, where no kernel exists. */
function erfByQuadrature(x: Value): Value {
  const bounded = max(min(x, 6), -6); // erf(6) = 1 - 2e-17
  const square = neg(mul(bounded, bounded));
  const terms = gaussLegendre(32).map(({ node, weight }) => mul(exp(mul(square, ((1 + node) / 2) ** 2)), weight / 2));
  return mul(
    mul(bounded, 2 / Math.sqrt(Math.PI)),
    terms.reduce((a, b) => add(a, b)),
  );
}

/** Macro ops as plain ai.onnx ops, any float type and any provider. Undefined keeps the node. */
const decompositions: Readonly<Record<string, Decomposition>> = {
  FusedMatMul: (n, [a, b]) => {
    if (!a || !b) return undefined;
    const operands = [n.attributes.transA === 1 ? swapLast(a) : a, n.attributes.transB === 1 ? swapLast(b) : b];
    const y = a.graph.op("MatMul", operands, n.outputs[0] as Value);
    const alpha = floatOf(n, "alpha");
    return [alpha === 1 ? y : mul(y, alpha)];
  },
  TimeMajorMatMul: (n, [q, cache]) => {
    if (!q || !cache) return undefined;
    // [L, B, H, hd] -> [B, H, L, hd], or [B, H, hd, L] for scores
    const keys = transpose(cache, n.attributes.transB === 1 ? [1, 2, 3, 0] : [1, 2, 0, 3]);
    return [mul(q.graph.op("MatMul", [q, keys], n.outputs[0] as Value), floatOf(n, "alpha"))];
  },
  RmsNorm: (n, [x, w]) => {
    if (!x || !w) return undefined;
    const rstd = inverse(sqrt(add(mean(mul(x, x), -1), floatOf(n, "epsilon"))));
    return [mul(mul(x, rstd), w), rstd];
  },
  LayerNorm: (n, [x, w, b]) => {
    if (!x || !w || !b) return undefined;
    const mu = mean(x, -1);
    const centred = sub(x, mu);
    const rstd = inverse(sqrt(add(mean(mul(centred, centred), -1), floatOf(n, "epsilon"))));
    return [add(mul(mul(centred, rstd), w), b), mu, rstd];
  },
  Silu: (_n, [x]) => x && [mul(x, sigmoid(x))],
  Softplus: (_n, [x]) => x && [add(max(x, 0), log(add(exp(neg(abs(x))), 1)))],
  Erf: (_n, [x]) => (x?.dtype === "float64" ? [erfByQuadrature(x)] : undefined),
  GeluTanh: (_n, [x]) => {
    const { c, a } = GELU_TANH;
    return x && [mul(x, sigmoid(mul(x, add(mul(mul(x, x), 2 * c * a), 2 * c))))];
  },
  GeluErf: (_n, [x]) => {
    if (!x) return undefined;
    const scaled = mul(x, Math.SQRT1_2);
    return [mul(mul(x, 0.5), add(x.dtype === "float64" ? erfByQuadrature(scaled) : erf(scaled), 1))];
  },
  Rope: (n, [x, cos, sin]) => {
    if (!x || !cos || !sin) return undefined;
    const [batch, sequence, width] = [dim(x.shape, 0), dim(x.shape, 1), dim(x.shape, 2)];
    const heads = intOf(n, "heads");
    const half = width / heads / 2;
    const [a, b] = split(reshape(x, [batch, sequence, heads, 2 * half]), [half, half], -1) as [Value, Value];
    const c = reshape(cos, [dim(cos.shape, 0), sequence, 1, half]);
    const s = reshape(sin, [dim(sin.shape, 0), sequence, 1, half]);
    return [reshape(concat([sub(mul(a, c), mul(b, s)), add(mul(b, c), mul(a, s))], -1), x.shape)];
  },
  CachedAttention: () => {
    throw new GraphError(
      "cachedAttention needs onnxruntime's GroupQueryAttention; for the portable target use timeMajorScores and timeMajorContext",
    );
  },
};

/** The live part of a graph as a new graph of plain ai.onnx ops. */
export const decompose = (source: Graph): Graph =>
  copyGraph(source, { rewrite: (node, inputs) => ownEntry(decompositions, node.op)?.(node, inputs) });
