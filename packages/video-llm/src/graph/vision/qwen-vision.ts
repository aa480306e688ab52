import {
  add,
  concat,
  gather,
  geluErf,
  layerNorm,
  linear,
  matmulTransposed,
  mul,
  type Params,
  reshape,
  rmsNorm,
  rope,
  split,
  type Value,
} from "@videosafety/onnx-autodiff";
import type { VideoLlmConfig } from "../../config/config.js";
import { activate } from "../activation.js";
import { frameAttention } from "./frame-attention.js";
import { type FrameGrid, patchLength, rotaryTables, tokensPerFrame } from "./frame-grid.js";
import { type WindowLayout, windowLayout } from "./window-layout.js";

/**
 * Vision encoder and patch merger of Qwen2-VL (arXiv 2409.12191: LayerNorm, quick-GELU) and Qwen2.5-VL (arXiv 2502.13923:
 * RMSNorm, SwiGLU, window attention in all but a few layers): patches [F h w, C t p p] in merge-block order, F pairs of
 * frames -> visual embeddings [F h w / m^2, d].
 */
export function qwenVisionEncoder(config: VideoLlmConfig, params: Params, patches: Value, grid: FrameGrid): Value {
  const { vision, mergeSize } = config;
  const { hiddenSize: d, channels, patchSize, temporalPatchSize } = vision;
  const block = mergeSize ** 2;
  const side = Math.floor(vision.windowSize / patchSize / mergeSize);
  const windows =
    config.family === "qwen2.5-vl" ? windowLayout(grid.rows / mergeSize, grid.columns / mergeSize, side) : null;
  const tokens = grid.frames * tokensPerFrame(grid);
  const length = patchLength(config);
  const ordered =
    windows === null
      ? patches
      : reshape(gather(reshape(patches, [tokens, block * length]), constantIds(patches, windowOrder(windows, grid))), [
          tokens * block,
          length,
        ]);
  const kernel = params("visual.patch_embed.proj.weight", [d, channels, temporalPatchSize, patchSize, patchSize]);
  let x = matmulTransposed(ordered, reshape(kernel, [d, length]));
  const tables = rotaryTables(config, grid, x, windows === null ? undefined : patchOrder(windows.order, block));
  for (let i = 0; i < vision.layers; i++) {
    const whole = windows === null || vision.fullAttentionLayers.includes(i);
    x = add(x, attend(config, params, i, x, { grid, tables, windows: whole ? null : windows }));
    x = add(x, mlp(config, params, i, x));
  }
  const normed = reshape(norm(config, params, "visual.merger.ln_q", x), [tokens, block * d]);
  const inner = geluErf(linear(params, "visual.merger.mlp.0", normed, block * d, true));
  const merged = linear(params, "visual.merger.mlp.2", inner, config.hiddenSize, true);
  return windows === null ? merged : gather(merged, constantIds(merged, inverse(windowOrder(windows, grid))));
}

interface BlockLayout {
  readonly grid: FrameGrid;
  readonly tables: { readonly cos: Value; readonly sin: Value };
  /** Null lets every patch of a frame see every other. */
  readonly windows: WindowLayout | null;
}

function attend(config: VideoLlmConfig, params: Params, layer: number, x: Value, layout: BlockLayout): Value {
  const { hiddenSize: d, heads } = config.vision;
  const { grid, tables, windows } = layout;
  const count = grid.rows * grid.columns;
  const name = `visual.blocks.${layer}`;
  const qkv = linear(params, `${name}.attn.qkv`, norm(config, params, `${name}.norm1`, x), 3 * d, true);
  const [q, k, v] = split(reshape(qkv, [grid.frames, count, 3 * d]), [d, d, d], 2) as [Value, Value, Value];
  const turned = [rope(q, tables.cos, tables.sin, heads), rope(k, tables.cos, tables.sin, heads), v] as const;
  const attended =
    windows === null ? frameAttention(...turned, heads) : insideWindows(turned, heads, windows, config.mergeSize);
  return linear(params, `${name}.attn.proj`, reshape(attended, [grid.frames * count, d]), d, true);
}

type QueriesKeysValues = readonly [Value, Value, Value];

/** Attention within windows: each run of equal windows is one batch. */
function insideWindows(qkv: QueriesKeysValues, heads: number, { runs }: WindowLayout, mergeSize: number): Value {
  const [frames = 0, , d = 0] = qkv[0].shape;
  const sizes = runs.map(({ windows, tokens }) => windows * tokens * mergeSize ** 2);
  const parts = qkv.map((x) => (runs.length === 1 ? [x] : split(x, sizes, 1)));
  const attended = runs.map(({ windows, tokens }, i) => {
    const batch = parts.map((part) => reshape(part[i] as Value, [frames * windows, tokens * mergeSize ** 2, d]));
    const [q, k, v] = batch as [Value, Value, Value];
    return reshape(frameAttention(q, k, v, heads), [frames, sizes[i] as number, d]);
  });
  return attended.length === 1 ? (attended[0] as Value) : concat(attended, 1);
}

function mlp(config: VideoLlmConfig, params: Params, layer: number, x: Value): Value {
  const { hiddenSize: d, intermediateSize: ff } = config.vision;
  const name = `visual.blocks.${layer}`;
  const normed = norm(config, params, `${name}.norm2`, x);
  const project = (part: string, from: Value, size: number): Value =>
    linear(params, `${name}.mlp.${part}`, from, size, true);
  if (config.family === "qwen2-vl")
    return project("fc2", activate(config.vision.activation, project("fc1", normed, ff)), d);
  const gated = mul(
    activate(config.vision.activation, project("gate_proj", normed, ff)),
    project("up_proj", normed, ff),
  );
  return project("down_proj", gated, d);
}

function norm(config: VideoLlmConfig, params: Params, name: string, x: Value): Value {
  const { hiddenSize: d, layerNormEps } = config.vision;
  const weight = params(`${name}.weight`, [d]);
  return config.family === "qwen2-vl"
    ? layerNorm(x, weight, params(`${name}.bias`, [d]), layerNormEps)
    : rmsNorm(x, weight, layerNormEps);
}

/** The patches of tokens in some order: those of a token are neighbours. */
const patchOrder = (tokens: Int32Array, block: number): Int32Array =>
  Int32Array.from(
    { length: tokens.length * block },
    (_, i) => (tokens[Math.floor(i / block)] as number) * block + (i % block),
  );

/** Window order of the merged tokens of all frames. */
function windowOrder({ order }: WindowLayout, { frames }: FrameGrid): Int32Array {
  return Int32Array.from(
    { length: frames * order.length },
    (_, i) => Math.floor(i / order.length) * order.length + (order[i % order.length] as number),
  );
}

function inverse(order: Int32Array): Int32Array {
  const inverted = new Int32Array(order.length);
  order.forEach((from, to) => {
    inverted[from] = to;
  });
  return inverted;
}

const constantIds = (like: Value, ids: Int32Array): Value =>
  like.graph.initializer(undefined, "int32", [ids.length], ids);
