import {
  add,
  type DType,
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
 * VideoLLaMA3's vision encoder and projector: patches [F h w, C p p] in merge-block order -> visual embeddings
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
  const { cos, sin } = rotaryTables(config, grid, patches);
  for (let i = 0; i < vision.layers; i++) {
    const layer = `encoder.layers.${i}`;
    const normed = norm(`${layer}.layer_norm1`, x);
    const project = (name: string): Value =>
      reshape(linear(params, `${encoder}.${layer}.self_attn.${name}`, normed, d, true), [frames, count, d]);
    const rotated = (name: string): Value => rope(project(name), cos, sin, heads);
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
  const merged = mergeBilinear(norm("post_layernorm", x), mergeSize);
  const inner = geluErf(linear(params, "model.mm_projector.readout.0", merged, config.hiddenSize, true));
  return linear(params, "model.mm_projector.readout.2", inner, config.hiddenSize, true);
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
  const { frames, rows, columns, mergeSize: m } = grid;
  const quarter = config.vision.hiddenSize / config.vision.heads / 4;
  const count = rows * columns;
  const angles = new Float64Array(count * 2 * quarter);
  let patch = 0;
  for (let blockRow = 0; blockRow < rows; blockRow += m) {
    for (let blockColumn = 0; blockColumn < columns; blockColumn += m) {
      for (let i = 0; i < m * m; i++) {
        const row = blockRow + Math.floor(i / m);
        const column = blockColumn + (i % m);
        for (let j = 0; j < quarter; j++) {
          const frequency = config.vision.ropeTheta ** (-j / quarter);
          angles[patch * 2 * quarter + j] = row * frequency;
          angles[(patch * 2 + 1) * quarter + j] = column * frequency;
        }
        patch += 1;
      }
    }
  }
  return {
    cos: repeatedTable(like, angles.map(Math.cos), frames, [count, 2 * quarter]),
    sin: repeatedTable(like, angles.map(Math.sin), frames, [count, 2 * quarter]),
  };
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
