import {
  add,
  gather,
  geluErf,
  layerNorm,
  linear,
  matmulTransposed,
  mul,
  type Params,
  reduceSum,
  reshape,
  rope,
  toTypedData,
  type Value,
} from "@videosafety/onnx-autodiff";
import { isQwenVl, patchesPerSide, type VideoLlmConfig } from "../../config/config.js";
import { activate } from "../activation.js";
import { frameAttention } from "./frame-attention.js";
import { blockOrder, type FrameGrid, rotaryTables } from "./frame-grid.js";
import { qwenVisionEncoder } from "./qwen-vision.js";
import { qwen3VisionEncoder } from "./qwen3-vision.js";

/**
 * Vision encoder and projector of any family: patches [F h w, C p p] in merge-block order -> visual embeddings
 * [F h w / m^2, `visualWidth`] before token compression. Attention stays inside each frame (Qwen-VL: pair of frames), so frames of
 * any number of videos can share a pass. SmolVLM2 has square frames, learned positions and pixel shuffle.
 */
export function visionEncoder(config: VideoLlmConfig, params: Params, patches: Value, grid: FrameGrid): Value {
  if (config.family === "qwen3-vl") return qwen3VisionEncoder(config, params, patches, grid);
  if (isQwenVl(config)) return qwenVisionEncoder(config, params, patches, grid);
  const { vision } = config;
  const { frames, rows, columns, mergeSize } = grid;
  const { hiddenSize: d, heads, channels, patchSize, layerNormEps } = vision;
  const count = rows * columns;
  const encoder = "model.vision_encoder";
  const norm = (name: string, x: Value): Value =>
    layerNorm(x, params(`${encoder}.${name}.weight`, [d]), params(`${encoder}.${name}.bias`, [d]), layerNormEps);
  const patchName = `${encoder}.embeddings.patch_embedding`;
  const kernel = params(`${patchName}.weight`, [d, channels, patchSize, patchSize]);
  let x = add(
    matmulTransposed(patches, reshape(kernel, [d, channels * patchSize ** 2])),
    params(`${patchName}.bias`, [d]),
  );
  const learned = config.family === "smolvlm2";
  if (learned) x = addPositions(x, params, config, grid);
  const tables = learned ? null : rotaryTables(config, grid, patches);
  for (let i = 0; i < vision.layers; i++) {
    const layer = `encoder.layers.${i}`;
    const normed = norm(`${layer}.layer_norm1`, x);
    const project = (name: string): Value =>
      reshape(linear(params, `${encoder}.${layer}.self_attn.${name}`, normed, d, true), [frames, count, d]);
    const rotated = (name: string): Value =>
      tables === null ? project(name) : rope(project(name), tables.cos, tables.sin, heads);
    const attended = frameAttention(rotated("q_proj"), rotated("k_proj"), project("v_proj"), heads);
    x = add(
      x,
      linear(params, `${encoder}.${layer}.self_attn.out_proj`, reshape(attended, [frames * count, d]), d, true),
    );
    const inner = linear(
      params,
      `${encoder}.${layer}.mlp.fc1`,
      norm(`${layer}.layer_norm2`, x),
      vision.intermediateSize,
      true,
    );
    x = add(x, linear(params, `${encoder}.${layer}.mlp.fc2`, activate(vision.activation, inner), d, true));
  }
  const encoded = norm("post_layernorm", x);
  if (learned) {
    // Pixel shuffle: in merge-block order the patches of a token are neighbours already.
    const block = mergeSize ** 2;
    const shuffled = reshape(encoded, [(frames * count) / block, block * d]);
    return linear(params, "model.mm_projector.proj", shuffled, config.hiddenSize, false);
  }
  const merged = mergeBilinear(encoded, mergeSize);
  const inner = geluErf(linear(params, "model.mm_projector.readout.0", merged, config.hiddenSize, true));
  return linear(params, "model.mm_projector.readout.2", inner, config.hiddenSize, true);
}

/**
 * Adds the learned position of each patch (SmolVLM2): row-major in the table, merge-block order in the patches. transformers
 * finds places by comparing float32 fractions, which puts some one too low for sides of 25 patches, 29 and others, though
 * not for the published 27 and 32.
 */
function addPositions(x: Value, params: Params, config: VideoLlmConfig, grid: FrameGrid): Value {
  const { vision } = config;
  const side = patchesPerSide(config);
  const table = params("model.vision_encoder.embeddings.position_embedding.weight", [side * side, vision.hiddenSize]);
  const order = blockOrder(grid);
  const ids = Int32Array.from({ length: grid.frames * order.length }, (_, i) => {
    const { row, column } = order[i % order.length] as { row: number; column: number };
    return row * side + column;
  });
  return add(x, gather(table, x.graph.initializer(undefined, "int32", [ids.length], ids)));
}

/**
 * Bilinear downsampling by m (torch's `interpolate`, align_corners false) on patches in merge-block order: the target
 * pixel's centre falls between the two middle rows and columns of its block (m even) or on the middle one (m odd).
 */
function mergeBilinear(x: Value, mergeSize: number): Value {
  if (mergeSize === 1) return x;
  const [count = 0, d = 0] = x.shape;
  const block = mergeSize ** 2;
  const middle = (mergeSize - 1) / 2;
  const weights = Array.from({ length: block }, (_, i) => {
    const near = (at: number): number => Math.max(0, 1 - Math.abs(at - middle));
    return near(Math.floor(i / mergeSize)) * near(i % mergeSize);
  });
  const constant = x.graph.initializer(undefined, x.dtype, [1, block, 1], toTypedData(x.dtype, weights));
  return reshape(reduceSum(mul(reshape(x, [count / block, block, d]), constant), [1]), [count / block, d]);
}
