import {
  add,
  concat,
  Graph,
  gather,
  matmul,
  matmulTransposed,
  reshape,
  reshapeDynamic,
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
import { decodeKernel } from "./decode-kernel.js";
import { type Attend, decoder, embeddingTable, outputTable } from "./decoder.js";
import type { GraphPlan } from "./graph-cache.js";
import { buildLanguageGraph, type GraphShape } from "./language-graph.js";

/**
 * Prompts to caches: inputs of `buildLanguageGraph` and `last_rows` [B]; outputs `logits` [B, V] of each prompt's last
 * token and time-major caches `k.<layer>`, `v.<layer>` [S, B, kvHeads, hd], keys rotated.
 */
export function buildPrefillGraph(config: VideoLlmConfig, store: ParameterStore, shape: GraphShape): GraphPlan {
  const { keyValueHeads, headSize } = config;
  const dims = [shape.batch, shape.length, keyValueHeads, headSize];
  const timeMajor = (x: Value): Value => transpose(reshape(x, dims), [1, 0, 2, 3]);
  const caches: [string, Value][] = [];
  const language = buildLanguageGraph(config, store, shape, "float32", {
    attention: (_q, k, v, layer) => {
      caches.push([`k.${layer}`, timeMajor(k)], [`v.${layer}`, timeMajor(v)]);
    },
  });
  const last = gather(language.hidden, language.graph.input("last_rows", "int32", [shape.batch]));
  language.graph.output("logits", matmulTransposed(last, outputTable(config, language.params)));
  for (const [name, value] of caches) language.graph.output(name, value);
  return { graph: language.graph, parameters: language.inputs.keys() };
}

/** Rows of a decoding step: `prompts` times `group` completions each. */
export interface DecodeShape {
  /** Prompts P, each with a cache of its own. */
  readonly prompts: number;
  /** Completions a prompt G, which share its cache. */
  readonly group: number;
}

/**
 * One token of each of P G completions. onnxruntime-node copies every output, so the caches stay in JavaScript,
 * time-major, and the graph returns only the new rows `new_k.<layer>`, `new_v.<layer>` [P G, kvHeads, 1, hd].
 *
 * Inputs: `ids` [P G]; `cos`, `sin` [P G, 1, hd / 2]; `prompt_mask` [P, 1, 1, prompt] and `own_mask` [1, 1, 1, own],
 * additive; `sizes` [1, own, prompt]; `prompt_k.<layer>` [prompt, P, kvHeads, hd]; `own_k.<layer>` [own, P G, kvHeads,
 * hd], of which the first row is a masked dummy (an empty operand kills onnxruntime).
 */
export function buildDecodeGraph(
  config: VideoLlmConfig,
  store: ParameterStore,
  shape: DecodeShape,
  accuracyLevel?: 1 | 4,
): GraphPlan {
  const graph = new Graph();
  let packed = false;
  const { params, inputs } = store.params(graph, "float32", (storage) => {
    const kernel = decodeKernel(storage, accuracyLevel);
    packed ||= kernel.kernel === "packed";
    return kernel;
  });
  const { heads, keyValueHeads: kv, headSize: hd } = config;
  const { prompts, group } = shape;
  const [batch, queries] = [prompts * group, heads / kv];
  const [promptLength, ownLength] = [3, 2]; // nominal: symbolic at run time
  const table = (name: string): Value => graph.input(name, "float32", [batch, 1, hd / 2]);
  const promptMask = graph.input("prompt_mask", "float32", [prompts, 1, 1, promptLength], { 3: "prompt" });
  const ownMask = graph.input("own_mask", "float32", [1, 1, 1, ownLength], { 3: "own" });
  const sizes = graph.input("sizes", "int64", [3]);
  const scale = 1 / Math.sqrt(hd);
  const promptCache = (name: string): Value =>
    graph.input(name, "float32", [promptLength, prompts, kv, hd], { 0: "prompt" });
  const ownCache = (name: string): Value => graph.input(name, "float32", [ownLength, batch, kv, hd], { 0: "own" });

  // The G completions of a prompt meet its cache in one product: their queries are folded into rows.
  const fold = (q: Value, width: number): Value =>
    reshapeDynamic(
      transpose(
        reshapeDynamic(q, [prompts, group, kv, queries, -1], [prompts, group, kv, queries, width]),
        [0, 2, 1, 3, 4],
      ),
      [prompts, kv, group * queries, -1],
      [prompts, kv, group * queries, width],
    );
  const unfold = (x: Value, width: number): Value =>
    reshapeDynamic(
      transpose(
        reshapeDynamic(x, [prompts, kv, group, queries, -1], [prompts, kv, group, queries, width]),
        [0, 2, 1, 3, 4],
      ),
      [batch, kv, queries, -1],
      [batch, kv, queries, width],
    );
  const folded = (x: Value, width: number): Value => (group === 1 ? x : fold(x, width));
  const unfolded = (x: Value, width: number): Value => (group === 1 ? x : unfold(x, width));

  const attend: Attend = (q3, k3, v3, layer) => {
    const q = reshape(q3, [batch, kv, queries, hd]);
    const [k, v] = [reshape(k3, [batch, kv, 1, hd]), reshape(v3, [batch, kv, 1, hd])];
    graph.output(`new_k.${layer}`, k);
    graph.output(`new_v.${layer}`, v);
    const promptScores = add(timeMajorScores(folded(q, hd), promptCache(`prompt_k.${layer}`), scale), promptMask);
    const ownScores = add(timeMajorScores(q, ownCache(`own_k.${layer}`), scale), ownMask);
    const newScores = matmul(q, k, { transposeB: true, alpha: scale });
    const probabilities = softmax(concat([newScores, ownScores, unfolded(promptScores, promptLength)], -1));
    const [ofNew, ofOwn, ofPrompt] = splitDynamic(probabilities, sizes, [1, ownLength, promptLength], 3) as [
      Value,
      Value,
      Value,
    ];
    const fromPrompt = unfolded(timeMajorContext(folded(ofPrompt, promptLength), promptCache(`prompt_v.${layer}`)), hd);
    const context = add(add(matmul(ofNew, v), timeMajorContext(ofOwn, ownCache(`own_v.${layer}`))), fromPrompt);
    return reshape(context, [batch, 1, heads * hd]);
  };
  const x = gather(embeddingTable(config, params), graph.input("ids", "int32", [batch]));
  const rows = { batch, length: 1, cos: table("cos"), sin: table("sin") };
  const hidden = decoder(config, params, x, rows, { attend, lora: loraOf(store.lora, params) });
  graph.output("logits", matmulTransposed(hidden, outputTable(config, params)));
  return { graph, parameters: inputs.keys(), packed };
}
