import { type DType, toTypedData, type Value } from "@videosafety/onnx-autodiff";
import type { VideoLlmConfig } from "../../config/config.js";

/** Frames (for Qwen-VL: pairs of frames) of one size. */
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

/** Visual tokens per frame: h w / m^2. */
export const tokensPerFrame = (grid: FrameGrid): number => (grid.rows * grid.columns) / grid.mergeSize ** 2;

/** Numbers a patch: C p p, times the frames it spans. */
export const patchLength = ({ vision }: VideoLlmConfig): number =>
  vision.channels * vision.temporalPatchSize * vision.patchSize ** 2;

/**
 * Angles of each patch: half of the head's pairs turn with its row, half with its column. Patches are in merge-block
 * order, or in the `order` given as indices into it.
 */
export function rotaryTables(
  config: VideoLlmConfig,
  grid: FrameGrid,
  like: Value,
  order?: Int32Array,
): { cos: Value; sin: Value } {
  const { frames, rows, columns } = grid;
  const quarter = config.vision.hiddenSize / config.vision.heads / 4;
  const count = rows * columns;
  const angles = new Float64Array(count * 2 * quarter);
  const places = blockOrder(grid);
  for (let patch = 0; patch < count; patch++) {
    const { row, column } = places[order?.[patch] ?? patch] as { row: number; column: number };
    for (let j = 0; j < quarter; j++) {
      const frequency = config.vision.ropeTheta ** (-j / quarter);
      angles[patch * 2 * quarter + j] = row * frequency;
      angles[(patch * 2 + 1) * quarter + j] = column * frequency;
    }
  }
  return {
    cos: repeatedTable(like, angles.map(Math.cos), frames, [count, 2 * quarter]),
    sin: repeatedTable(like, angles.map(Math.sin), frames, [count, 2 * quarter]),
  };
}

/** Row and column of each patch of a frame, in merge-block order. */
export function blockOrder({ rows, columns, mergeSize: m }: FrameGrid): { row: number; column: number }[] {
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
