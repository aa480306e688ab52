import {
  add,
  type DType,
  gather,
  geluErf,
  geluTanh,
  layerNorm,
  linear,
  matmulTransposed,
  mul,
  type Params,
  reduceSum,
  reshape,
  rope,
  selfAttention,
  toTypedData,
  type Value,
} from "@videosafety/onnx-autodiff";
import type { VideoLlmConfig } from "../config.js";

/** Frames of one size. */
export interface FrameGrid {
  /** Number of frames F. */
  readonly frames: number;
  /** Patch rows h. */
  readonly rows: number;
  /** Patch columns w. */
  readonly columns: number;
  /** Patches merged into a token along each side, m. */
  readonly mergeSize: number;
}

/** Visual tokens a frame: h w / m^2. */
export const tokensPerFrame = (grid: FrameGrid): number => (grid.rows * grid.columns) / grid.mergeSize ** 2;

/**
 * Vision encoder and projector, VideoLLaMA3's or (square frames, learned positions, pixel shuffle) SmolVLM2's: patches [F h w, C p p] in merge-block order -> visual embeddings
 * [F h w / m^2, d] before token compression. Attention stays inside each frame, so frames of any number of videos can
 * share a pass.
 */
export function visionEncoder(config: VideoLlmConfig, params: Params, patches: Value, grid: FrameGrid): Value {
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
    const attended = selfAttention(rotated("q_proj"), rotated("k_proj"), project("v_proj"), { heads, causal: false });
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
    x = add(x, linear(params, `${encoder}.${layer}.mlp.fc2`, geluTanh(inner), d, true));
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

/** Adds the learned position of each patch (SmolVLM2): row-major in the table, merge-block order in the patches. */
function addPositions(x: Value, params: Params, config: VideoLlmConfig, grid: FrameGrid): Value {
  const { vision } = config;
  const side = vision.imageSize / vision.patchSize;
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

/** Angles of each patch: half of the head's pairs turn with its row, half with its column (indices in merge-block order). */
function rotaryTables(config: VideoLlmConfig, grid: FrameGrid, like: Value): { cos: Value; sin: Value } {
  const { frames, rows, columns } = grid;
  const quarter = config.vision.hiddenSize / config.vision.heads / 4;
  const count = rows * columns;
  const angles = new Float64Array(count * 2 * quarter);
  blockOrder(grid).forEach(({ row, column }, patch) => {
    for (let j = 0; j < quarter; j++) {
      const frequency = config.vision.ropeTheta ** (-j / quarter);
      angles[patch * 2 * quarter + j] = row * frequency;
      angles[(patch * 2 + 1) * quarter + j] = column * frequency;
    }
  });
  return {
    cos: repeatedTable(like, angles.map(Math.cos), frames, [count, 2 * quarter]),
    sin: repeatedTable(like, angles.map(Math.sin), frames, [count, 2 * quarter]),
  };
}

/** Row and column of each patch of a frame, in merge-block order. */
function blockOrder({ rows, columns, mergeSize: m }: FrameGrid): { row: number; column: number }[] {
  const blocks = columns / m;
  return Array.from({ length: rows * columns }, (_, i) => {
    const block = Math.floor(i / (m * m));
    const inside = i % (m * m);
    return {
      row: Math.floor(block / blocks) * m + Math.floor(inside / m),
      column: (block % blocks) * m + (inside % m),
    };
  });
}

/** A constant [times, ...dims] that holds `table` `times` times. */
export function repeatedTable(
  like: { graph: Value["graph"]; dtype: DType },
  table: Float64Array,
  times: number,
  dims: readonly number[],
): Value {
  const repeated = new Float64Array(table.length * times);
  for (let i = 0; i < times; i++) repeated.set(table, i * table.length);
  return like.graph.initializer(undefined, like.dtype, [times, ...dims], toTypedData(like.dtype, repeated));
}
