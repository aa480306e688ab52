import { Graph, gather, type Params, reshape, selfAttention, type Value } from "@videosafety/onnx-autodiff";
import { isQwenVl, type VideoLlmConfig, visualWidth } from "../config/config.js";
import type { GraphDType } from "../config/graph-dtype.js";
import { rotaryTables1d } from "../config/rope-scaling.js";
import { loraOf } from "../weights/lora.js";
import type { ParameterStore } from "../weights/parameter-store.js";
import { type Attend, decoder } from "./decoder.js";
import { inputEmbeddings } from "./embedding.js";
import { type BlockAttention, type PackedShape, packedAttention } from "./packed-attention.js";
import { type FrameGrid, patchLength, repeatedTable } from "./vision/frame-grid.js";
import { visionEncoder } from "./vision/vision.js";

/** Sizes a graph over whole sequences is built for. */
export interface GraphShape {
  /** Sequences B. */
  readonly batch: number;
  /** Tokens a sequence S, padded. */
  readonly length: number;
  /** Rows of the fed visual embeddings; 0 without visual input, or with the vision encoder in the graph. */
  readonly visualRows: number;
  /** Frames of the vision encoder in the graph; null when visual embeddings are fed. */
  readonly frames: FrameGrid | null;
  /** Whether some row has alarm tokens. */
  readonly hasAlarm: boolean;
  /** Sequences share the one row of the batch, without padding between them. */
  readonly packed?: PackedShape;
}

/** Sequences of a graph, empty ones included. */
export const sequenceCount = ({ batch, packed }: GraphShape): number => packed?.sequences ?? batch;

/** Key of a shape in a session cache. */
export const shapeKey = (shape: GraphShape): string =>
  [
    shape.batch,
    shape.length,
    shape.visualRows,
    shape.frames === null ? "" : Object.values(shape.frames).join("x"),
    shape.hasAlarm,
    ...(shape.packed?.blocks.map(({ rows, length }) => `${rows}x${length}`) ?? []),
  ].join(",");

/** A graph under construction whose hidden states are known. */
export interface LanguageGraph {
  /** The graph. */
  readonly graph: Graph;
  /** Supplies parameters. */
  readonly params: Params;
  /** Live parameters used so far; grows as `params` is called. */
  readonly inputs: ReadonlyMap<string, Value>;
  /** Hidden states [B S, d] after the final norm. */
  readonly hidden: Value;
}

/** Sees values inside the decoder while a graph is built. */
export interface DecoderObserver {
  /** What goes into a layer [B S, d]. */
  hidden?(value: Value, layer: number): void;
  /** A layer's rotated queries [B, S, heads hd], and keys and values [B, S, kvHeads hd]. */
  attention?(q: Value, k: Value, v: Value, layer: number): void;
}

/**
 * Starts a graph over padded sequences [B, S], or packed ones [1, S]: vision encoder (or fed embeddings), input embeddings,
 * decoder. Padding stands on the right, where causal attention never lets a real token see it.
 */
export function buildLanguageGraph(
  config: VideoLlmConfig,
  store: ParameterStore,
  shape: GraphShape,
  dtype: GraphDType = "float32",
  observer: DecoderObserver = {},
): LanguageGraph {
  const graph = new Graph();
  const { params, inputs } = store.params(graph, dtype);
  const { batch, length } = shape;
  const hasVisual = shape.frames !== null || shape.visualRows > 0;
  const layout = { tokens: batch * length, hasVisual, hasAlarm: shape.hasAlarm };
  const visual = visualEmbeddings(graph, config, params, shape, dtype);
  const { embeddings: x, deepstack } = inputEmbeddings(graph, config, params, layout, visual);
  // A frozen base is there to save memory: what a layer can compute again is not kept for the backward pass.
  const recompute = store.frozenBase;
  const rows = { batch, length, ...rotaryAngles(x, config, shape), recompute };
  const causal: BlockAttention = (q, k, v) =>
    selfAttention(q, k, v, { heads: config.heads, kvHeads: config.keyValueHeads, recompute });
  const attention = shape.packed ? packedAttention(graph, length, shape.packed, causal) : causal;
  const attend: Attend = (q, k, v, layer) => {
    observer.attention?.(q, k, v, layer);
    return attention(q, k, v);
  };
  const onHidden = (value: Value, layer: number): void => observer.hidden?.(value, layer);
  const lora = loraOf(store.lora, params);
  const hidden = decoder(config, params, x, rows, { attend, lora, onHidden, deepstack });
  return { graph, params, inputs, hidden };
}

/**
 * Angles [B, S, headSize / 2]: constants that count tokens, packed from each sequence's start (the input `positions`); or for
 * Qwen-VL, whose positions depend on what a token shows, inputs.
 */
function rotaryAngles(
  x: Value,
  config: VideoLlmConfig,
  { batch, length, packed }: GraphShape,
): { cos: Value; sin: Value } {
  const dims = [length, config.headSize / 2];
  if (isQwenVl(config)) {
    const input = (name: string): Value => x.graph.input(name, x.dtype, [batch, ...dims]);
    return { cos: input("cos"), sin: input("sin") };
  }
  if (packed) {
    const longest = Math.max(...packed.blocks.map((block) => block.length));
    const tables = rotaryTables1d(longest, config);
    const positions = x.graph.input("positions", "int32", [batch, length]);
    const look = (table: Float64Array): Value =>
      gather(
        reshape(repeatedTable(x, table, 1, [longest, config.headSize / 2]), [longest, config.headSize / 2]),
        positions,
      );
    return { cos: look(tables.cos), sin: look(tables.sin) };
  }
  const { cos, sin } = rotaryTables1d(length, config);
  return { cos: repeatedTable(x, cos, batch, dims), sin: repeatedTable(x, sin, batch, dims) };
}

function visualEmbeddings(
  graph: Graph,
  config: VideoLlmConfig,
  params: Params,
  shape: GraphShape,
  dtype: GraphDType,
): Value | undefined {
  const { frames, visualRows } = shape;
  if (frames === null)
    return visualRows === 0 ? undefined : graph.input("visual", dtype, [visualRows, visualWidth(config)]);
  const patches = graph.input("patches", dtype, [frames.frames * frames.rows * frames.columns, patchLength(config)]);
  return visionEncoder(config, params, patches, frames);
}
