import {
  add,
  concat,
  Graph,
  gather,
  HIDDEN,
  matmul,
  matmulTransposed,
  reshape,
  softmax,
  splitDynamic,
  timeMajorContext,
  timeMajorScores,
  transpose,
  type Value,
} from "@videosafety/onnx-autodiff";
import type { VideoLlmConfig } from "../config/config.js";
import { loraOf } from "../weights/lora.js";
import type { ParameterStore } from "../weights/parameter-store.js";
import { type Attend, decoder, outputTable } from "./decoder.js";
import { inputEmbeddings } from "./embedding.js";
import type { GraphPlan } from "./graph-cache.js";

/** Sizes of a pass over the tokens that follow a cached prefix. */
export interface SuffixShape {
  /** Tokens S, padded on the right. */
  readonly length: number;
  /** Whether there are alarm tokens among them. */
  readonly hasAlarm: boolean;
}

/**
 * One prompt's tokens after a prefix whose keys and values are known; none of them is visual.
 *
 * Inputs: `ids` [S] and alarm masks; `cos`, `sin` [1, S, hd / 2]; `sizes` [S, prefix]; `last_rows` [1]; `prefix_k.<layer>`,
 * `prefix_v.<layer>` [prefix, 1, kvHeads, hd]. Outputs as `buildPrefillGraph` gives them, for these tokens alone.
 */
export function buildSuffixGraph(config: VideoLlmConfig, store: ParameterStore, shape: SuffixShape): GraphPlan {
  const graph = new Graph();
  const { params, inputs } = store.params(graph);
  const { heads, keyValueHeads: kv, headSize: hd } = config;
  const { length, hasAlarm } = shape;
  const queries = heads / kv;
  const foldedRows = queries * length;
  const nominal = 2; // the prefix is symbolic at run time
  const table = (name: string): Value => graph.input(name, "float32", [1, length, hd / 2]);
  const tables = { cos: table("cos"), sin: table("sin") };
  const sizes = graph.input("sizes", "int64", [2]);
  const scale = 1 / Math.sqrt(hd);
  const causal = graph.initializer(undefined, "float32", [1, 1, foldedRows, length], causalRows(queries, length));
  const prefix = (name: string): Value => graph.input(name, "float32", [nominal, 1, kv, hd], { 0: "prefix" });
  const byHead = (x: Value, count: number): Value => transpose(reshape(x, [1, length, count, hd]), [0, 2, 1, 3]);

  const attend: Attend = (q3, k3, v3, layer) => {
    const q = reshape(byHead(q3, heads), [1, kv, foldedRows, hd]); // the query heads of a group are folded into rows
    const [k, v] = [byHead(k3, kv), byHead(v3, kv)];
    graph.output(`k.${layer}`, transpose(reshape(k3, [1, length, kv, hd]), [1, 0, 2, 3]));
    graph.output(`v.${layer}`, transpose(reshape(v3, [1, length, kv, hd]), [1, 0, 2, 3]));
    const own = add(matmul(q, k, { transposeB: true, alpha: scale }), causal);
    const earlier = timeMajorScores(q, prefix(`prefix_k.${layer}`), scale);
    const parts = splitDynamic(softmax(concat([own, earlier], -1)), sizes, [length, nominal], 3) as [Value, Value];
    const context = add(matmul(parts[0], v), timeMajorContext(parts[1], prefix(`prefix_v.${layer}`)));
    return reshape(transpose(reshape(context, [1, heads, length, hd]), [0, 2, 1, 3]), [1, length, heads * hd]);
  };
  const layout = { tokens: length, hasVisual: false, hasAlarm };
  const { embeddings } = inputEmbeddings(graph, config, params, layout, undefined);
  const rows = { batch: 1, length, ...tables };
  const hidden = decoder(config, params, embeddings, rows, { attend, lora: loraOf(store.lora, params) });
  const last = gather(hidden, graph.input("last_rows", "int32", [1]));
  graph.output("logits", matmulTransposed(last, outputTable(config, params)));
  return { graph, parameters: inputs.keys() };
}

function causalRows(queries: number, length: number): Float32Array {
  const mask = new Float32Array(queries * length * length);
  for (let row = 0; row < queries * length; row++)
    mask.fill(HIDDEN, row * length + (row % length) + 1, (row + 1) * length);
  return mask;
}
