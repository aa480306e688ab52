import {
  add,
  type LoraSpec,
  linear,
  mul,
  type Params,
  reshape,
  rmsNorm,
  rope,
  type Value,
} from "@videosafety/onnx-autodiff";
import type { VideoLlmConfig } from "../config/config.js";
import { hasAttentionBias, hasHeadNorm } from "../weights/parameters.js";
import { activate } from "./activation.js";

/** Rows of a decoder pass and the rotary angles of each. */
export interface DecoderRows {
  /** Sequences. */
  readonly batch: number;
  /** Tokens a sequence. */
  readonly length: number;
  /** Cosines [batch, length, headSize / 2]. */
  readonly cos: Value;
  /** Sines [batch, length, headSize / 2]. */
  readonly sin: Value;
  /** Compute the MLP's inner activations again in the backward pass instead of keeping them. Default false. */
  readonly recompute?: boolean;
}

/**
 * Attention of one layer from rotated queries [B, S, heads hd], rotated keys and values [B, S, kvHeads hd] to the
 * context [B, S, heads hd]: what differs between training, prefill and decoding.
 */
export type Attend = (q: Value, k: Value, v: Value, layer: number) => Value;

/** What happens inside the decoder. */
export interface DecoderParts {
  /** Attention of each layer. */
  readonly attend: Attend;
  /** Low-rank adapters. */
  readonly lora?: LoraSpec | undefined;
  /** Sees what goes into each layer. */
  readonly onHidden?: (hidden: Value, layer: number) => void;
  /** Added to the hidden states after each of the first layers [B S, d]: Qwen3-VL's DeepStack (arXiv 2406.04334). */
  readonly deepstack?: readonly Value[];
}

/**
 * Decoder of any family: input embeddings [B S, d] -> hidden states [B S, d] after the final norm. Qwen2's has biases in
 * attention, Llama's none, Qwen3's norms of queries and keys instead.
 */
export function decoder(
  config: VideoLlmConfig,
  params: Params,
  x: Value,
  rows: DecoderRows,
  { attend, lora, onHidden, deepstack = [] }: DecoderParts,
): Value {
  let hidden = x;
  for (let i = 0; i < config.layers; i++) {
    onHidden?.(hidden, i);
    hidden = decoderLayer(config, params, i, hidden, rows, attend, lora);
    const added = deepstack[i];
    if (added !== undefined) hidden = add(hidden, added);
  }
  return rmsNorm(hidden, params("model.norm.weight", [config.hiddenSize]), config.rmsNormEps);
}

function decoderLayer(
  config: VideoLlmConfig,
  params: Params,
  index: number,
  x: Value,
  { batch, length, cos, sin, recompute = false }: DecoderRows,
  attend: Attend,
  lora: LoraSpec | undefined,
): Value {
  const { hiddenSize: d, heads, keyValueHeads, headSize, intermediateSize, rmsNormEps } = config;
  const layer = `model.layers.${index}`;
  const norm = (name: string, value: Value): Value =>
    rmsNorm(value, params(`${layer}.${name}.weight`, [d]), rmsNormEps);
  const normed = norm("input_layernorm", x);
  const project = (name: string, count: number): Value => {
    const y = linear(params, `${layer}.self_attn.${name}`, normed, count * headSize, hasAttentionBias(config), lora);
    return reshape(y, [batch, length, count * headSize]);
  };
  const headNorm = (name: "q" | "k", count: number): Value => {
    const projected = project(`${name}_proj`, count);
    if (!hasHeadNorm(config)) return projected;
    const weight = params(`${layer}.self_attn.${name}_norm.weight`, [headSize]);
    const rows = reshape(projected, [batch * length * count, headSize]);
    return reshape(rmsNorm(rows, weight, rmsNormEps), [batch, length, count * headSize]);
  };
  const q = rope(headNorm("q", heads), cos, sin, heads);
  const k = rope(headNorm("k", keyValueHeads), cos, sin, keyValueHeads);
  const context = reshape(attend(q, k, project("v_proj", keyValueHeads), index), [batch * length, heads * headSize]);
  const attended = add(x, linear(params, `${layer}.self_attn.o_proj`, context, d, false, lora));
  const normedAgain = norm("post_attention_layernorm", attended);
  const gate = linear(params, `${layer}.mlp.gate_proj`, normedAgain, intermediateSize, false, lora);
  const up = linear(params, `${layer}.mlp.up_proj`, normedAgain, intermediateSize, false, lora);
  const down = (g: Value, u: Value): Value =>
    linear(params, `${layer}.mlp.down_proj`, mul(activate(config.activation, g), u), d, false, lora);
  if (!recompute) return add(attended, down(gate, up));
  const [inner] = x.graph.region([gate, up], (g, u) => [down(g as Value, u as Value)]);
  return add(attended, inner as Value);
}

/** The embedding table [V, d]. */
export const embeddingTable = (config: VideoLlmConfig, params: Params): Value =>
  params("model.embed_tokens.weight", [config.vocabularySize, config.hiddenSize]);

/** The output layer's weight [V, d]: the embedding table where the two are tied. */
export const outputTable = (config: VideoLlmConfig, params: Params): Value =>
  config.tieWordEmbeddings
    ? embeddingTable(config, params)
    : params("lm_head.weight", [config.vocabularySize, config.hiddenSize]);
