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
  rope,
  split,
  toTypedData,
  type Value,
} from "@videosafety/onnx-autodiff";
import type { VideoLlmConfig } from "../../config/config.js";
import { activate } from "../activation.js";
import { frameAttention } from "./frame-attention.js";
import { blockOrder, type FrameGrid, patchLength, rotaryTables, tokensPerFrame } from "./frame-grid.js";

/** Of every LayerNorm. */
const EPSILON = 1e-6;

/**
 * Vision encoder and patch mergers of Qwen3-VL: patches [F h w, C t p p] in merge-block order, F pairs of frames -> rows
 * [F h w / m^2, d (1 + L)]: the visual embedding, then what L inner layers give to the first L decoder layers (DeepStack,
 * arXiv 2406.04334).
 *
 * @see transformers 5.18 `Qwen3VLVisionModel`
 */
export function qwen3VisionEncoder(config: VideoLlmConfig, params: Params, patches: Value, grid: FrameGrid): Value {
  const { vision } = config;
  const { hiddenSize: d, heads, channels, patchSize, temporalPatchSize } = vision;
  const [frames, count] = [grid.frames, grid.rows * grid.columns];
  const kernel = params("visual.patch_embed.proj.weight", [d, channels, temporalPatchSize, patchSize, patchSize]);
  const embedded = matmulTransposed(patches, reshape(kernel, [d, patchLength(config)]));
  let x = add(embedded, params("visual.patch_embed.proj.bias", [d]));
  x = reshape(add(reshape(x, [frames, count, d]), interpolatedPositions(config, params, grid)), [frames * count, d]);
  const tables = rotaryTables(config, grid, x);
  const deep: Value[] = [];
  for (let i = 0; i < vision.layers; i++) {
    const block = `visual.blocks.${i}`;
    const norm = (name: string, value: Value): Value => normed(params, `${block}.${name}`, value, d);
    const qkv = linear(params, `${block}.attn.qkv`, norm("norm1", x), 3 * d, true);
    const [q, k, v] = split(reshape(qkv, [frames, count, 3 * d]), [d, d, d], 2) as [Value, Value, Value];
    const turned = [rope(q, tables.cos, tables.sin, heads), rope(k, tables.cos, tables.sin, heads)] as const;
    const attended = reshape(frameAttention(...turned, v, heads), [frames * count, d]);
    x = add(x, linear(params, `${block}.attn.proj`, attended, d, true));
    const inner = linear(params, `${block}.mlp.linear_fc1`, norm("norm2", x), vision.intermediateSize, true);
    x = add(x, linear(params, `${block}.mlp.linear_fc2`, activate(vision.activation, inner), d, true));
    const level = vision.deepstackLayers.indexOf(i);
    if (level >= 0) deep[level] = merge(config, params, `visual.deepstack_merger_list.${level}`, x, grid, true);
  }
  const merged = merge(config, params, "visual.merger", x, grid, false);
  return deep.length === 0 ? merged : concat([merged, ...deep], 1);
}

const normed = (params: Params, name: string, x: Value, width: number): Value =>
  layerNorm(x, params(`${name}.weight`, [width]), params(`${name}.bias`, [width]), EPSILON);

/** Patches of a block to one token [F h w / m^2, d]; the norm is taken over patches, or over whole blocks. */
function merge(
  config: VideoLlmConfig,
  params: Params,
  name: string,
  x: Value,
  grid: FrameGrid,
  normBlocks: boolean,
): Value {
  const { hiddenSize: d } = config.vision;
  const width = d * config.mergeSize ** 2;
  const tokens = grid.frames * tokensPerFrame(grid);
  const blocks = normBlocks
    ? normed(params, `${name}.norm`, reshape(x, [tokens, width]), width)
    : reshape(normed(params, `${name}.norm`, x, d), [tokens, width]);
  const inner = geluErf(linear(params, `${name}.linear_fc1`, blocks, width, true));
  return linear(params, `${name}.linear_fc2`, inner, config.hiddenSize, true);
}

/** The square table of learned positions, stretched over a frame [1, h w, d]: bilinear, corners on corners. */
function interpolatedPositions(config: VideoLlmConfig, params: Params, grid: FrameGrid): Value {
  const { positionEmbeddings, hiddenSize: d } = config.vision;
  const side = Math.floor(Math.sqrt(positionEmbeddings));
  const table = params("visual.pos_embed.weight", [positionEmbeddings, d]);
  const along = (at: number, length: number) => {
    const exact = length === 1 ? 0 : (at * (side - 1)) / (length - 1);
    const low = Math.min(Math.floor(exact), side - 1);
    return { low, high: Math.min(low + 1, side - 1), weight: exact - low };
  };
  const places = blockOrder(grid);
  const corners = [0, 1, 2, 3].map((corner) => {
    const ids = new Int32Array(places.length);
    const weights = new Float64Array(places.length);
    places.forEach(({ row, column }, i) => {
      const [down, right] = [along(row, grid.rows), along(column, grid.columns)];
      const [lower, later] = [corner >= 2, corner % 2 === 1];
      ids[i] = (lower ? down.high : down.low) * side + (later ? right.high : right.low);
      weights[i] = (lower ? down.weight : 1 - down.weight) * (later ? right.weight : 1 - right.weight);
    });
    const rows = gather(table, table.graph.initializer(undefined, "int32", [ids.length], ids));
    const scale = table.graph.initializer(undefined, rows.dtype, [ids.length, 1], toTypedData(rows.dtype, weights));
    return mul(rows, scale);
  });
  return reshape(
    corners.reduce((sum, corner) => add(sum, corner)),
    [1, places.length, d],
  );
}
