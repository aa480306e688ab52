import {
  add,
  causalMask,
  gather,
  matmul,
  mul,
  reshape,
  softmax,
  sumAll,
  transpose,
  type Value,
} from "@videosafety/onnx-autodiff";
import type { GraphPlan } from "./graph-cache.js";
import { buildLanguageGraph } from "./language-graph.js";
import { type GraphContext, withGradients } from "./training-graphs.js";

/** Name of the output that holds a layer's hidden states. */
export const hiddenOutput = (layer: number): string => `hidden.${layer}`;

/** Name of the output that holds a layer's attention weights. */
export const attentionOutput = (layer: number): string => `attention.${layer}`;

/** Hidden states [R, d] at the rows of the input `rows` [R], for each layer: 0 = embeddings, the last after the final norm. */
export function buildHiddenStatesGraph(context: GraphContext, rows: number, layers: readonly number[]): GraphPlan {
  const { config, store, shape, dtype } = context;
  const inside = new Map<number, Value>();
  const language = buildLanguageGraph(config, store, shape, dtype, {
    hidden: (value, layer) => inside.set(layer, value),
  });
  inside.set(config.layers, language.hidden);
  const index = language.graph.input("rows", "int32", [rows]);
  for (const layer of layers) language.graph.output(hiddenOutput(layer), gather(inside.get(layer) as Value, index));
  return { graph: language.graph, parameters: language.inputs.keys() };
}

/** Output `loss` = sum of the last hidden states at `rows` [R] times `cotangents` [R, d], with gradients of `trained`. */
export function buildHiddenGradientsGraph(context: GraphContext, rows: number, trained: readonly string[]): GraphPlan {
  const { config, store, shape, dtype = "float32" } = context;
  const language = buildLanguageGraph(config, store, shape, dtype);
  const { graph } = language;
  const states = gather(language.hidden, graph.input("rows", "int32", [rows]));
  const loss = sumAll(mul(states, graph.input("cotangents", dtype, [rows, config.hiddenSize])));
  return withGradients(language, loss, trained);
}

/** Attention weights [heads, S, S] of every layer, for one sequence. */
export function buildAttentionGraph(context: GraphContext): GraphPlan {
  const { config, store, shape } = context;
  const { heads, keyValueHeads, headSize } = config;
  const { length } = shape;
  const weights: Value[] = [];
  const language = buildLanguageGraph(config, store, shape, "float32", {
    attention: (q, k) => {
      const group = heads / keyValueHeads;
      const queries = transpose(reshape(q, [length, keyValueHeads, group, headSize]), [1, 2, 0, 3]);
      const keys = transpose(reshape(k, [length, keyValueHeads, headSize]), [1, 0, 2]);
      const folded = reshape(queries, [keyValueHeads, group * length, headSize]);
      const scores = matmul(folded, keys, { transposeB: true, alpha: 1 / Math.sqrt(headSize) });
      const mask = q.graph.initializer(undefined, "float32", [1, length, length], causalMask(length));
      weights.push(softmax(add(reshape(scores, [heads, length, length]), mask)));
    },
  });
  weights.forEach((value, i) => {
    language.graph.output(attentionOutput(i + 1), value);
  });
  return { graph: language.graph, parameters: language.inputs.keys() };
}
