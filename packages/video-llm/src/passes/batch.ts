import type { Feed } from "@videosafety/onnx-autodiff";
import { isQwenVl, type VideoLlmConfig, visualWidth } from "../config/config.js";
import { PromptError } from "../errors.js";
import type { GraphShape } from "../graph/language-graph.js";
import { patchLength, tokensPerFrame } from "../graph/vision/frame-grid.js";
import { rotaryPositions, rotaryTables3d } from "../prompt/rotary-positions.js";
import type { VisualFeatures } from "../vision/visual-features.js";
import { alarmFeeds } from "./alarm-feeds.js";
import { bucketSize } from "./bucket.js";
import { groupByGrid, type MicroBatch, type PackedLayout, type Sequence, sequenceLength } from "./sequence.js";

/**
 * Splits sequences into runs of similar length with at most `maxTokens` padded tokens each. With `splitByGrid`, videos of
 * different frame sizes are kept apart, as one vision encoder graph needs them to be.
 */
export function planMicroBatches(
  sequences: readonly Sequence[],
  maxTokens: number,
  splitByGrid: boolean,
): MicroBatch[] {
  const batches: MicroBatch[] = [];
  const lengthOf = (i: number): number => sequenceLength(sequences[i] as Sequence);
  for (const group of groupByGrid(sequences, splitByGrid)) {
    group.sort((a, b) => lengthOf(b) - lengthOf(a) || a - b);
    let start = 0;
    while (start < group.length) {
      const length = bucketSize(lengthOf(group[start] as number));
      const rows = Math.max(1, Math.floor(maxTokens / length));
      batches.push({ indices: group.slice(start, start + rows), length });
      start += rows;
    }
  }
  return batches;
}

/** Feeds of a batch and the sizes its graph must have. */
export interface CollatedBatch {
  /** Graph sizes. */
  readonly shape: GraphShape;
  /** Rows for which a token is predicted, padded. */
  readonly lossRows: number;
  /** Predicted tokens of each sequence, in order: the first `sum` of the `lossRows`. */
  readonly counts: readonly number[];
  /** Inputs of the graph but for parameters. */
  readonly feeds: Record<string, Feed>;
}

/** How visual input reaches the graph. */
export interface VisualInput {
  /** The embeddings [N, d] of features, when they are fed; null puts the vision encoder in the graph. */
  readonly embeddings: ((features: VisualFeatures) => Float32Array) | null;
}

/**
 * Lays sequences out as one padded batch, or packed: ids, visual index, alarm masks, rows and targets of the predicted
 * tokens. A video that several sequences share is held once.
 */
export function collate(
  sequences: readonly Sequence[],
  length: number,
  config: VideoLlmConfig,
  visual: VisualInput,
  packed?: PackedLayout,
): CollatedBatch {
  const batch = packed ? 1 : sequences.length;
  const tokens = batch * length;
  const starts = packed?.starts ?? sequences.map((_, b) => b * length);
  const counts = sequences.map(({ completionIds }) => completionIds.length);
  const lossRows = bucketSize(
    counts.reduce((a, b) => a + b, 0),
    64,
    packed ? 1 : 2, // packed runs come in more sizes: fewer here, or too many graphs are compiled
  );
  const hasAlarm = sequences.some(({ prompt }) => prompt.alarmPositions !== null);
  const layout = layOutVisual(sequences, config, visual);
  const ids = new Int32Array(tokens);
  const rows = new Int32Array(lossRows);
  const targets = new Int32Array(lossRows);
  const slots = packed?.shape.sequences ?? batch;
  const alarmRows = { visual: new Int32Array(slots), textual: new Int32Array(slots) };
  const isVisual = new Uint8Array(tokens);
  const visualIndex = new Int32Array(tokens);
  let next = 0;
  sequences.forEach(({ prompt, completionIds }, b) => {
    const first = starts[b] as number;
    ids.set(prompt.tokenIds, first);
    ids.set(completionIds.subarray(0, Math.max(0, completionIds.length - 1)), first + prompt.tokenIds.length);
    for (const modality of ["visual", "textual"] as const) {
      const position = prompt.alarmPositions?.[modality];
      if (position === undefined) continue;
      alarmRows[modality][b] = first + position;
    }
    const source = prompt.visual.flatMap((features) => layout.rowsOf(features));
    prompt.visualPositions.forEach((position, i) => {
      isVisual[first + position] = 1;
      visualIndex[first + position] = source[i] as number;
    });
    completionIds.forEach((id, j) => {
      rows[next] = first + prompt.tokenIds.length - 1 + j;
      targets[next] = id;
      next += 1;
    });
  });
  return {
    shape: {
      batch,
      length,
      visualRows: layout.visualRows,
      frames: layout.frames,
      hasAlarm,
      ...(packed ? { packed: packed.shape } : {}),
    },
    lossRows,
    counts,
    feeds: {
      ids,
      loss_rows: rows,
      targets,
      is_visual: isVisual,
      visual_index: visualIndex,
      ...alarmFeeds(
        tokens,
        sequences.map(({ prompt }, b) => ({ prompt, firstRow: starts[b] as number })),
      ),
      visual_alarm_rows: alarmRows.visual,
      textual_alarm_rows: alarmRows.textual,
      ...(isQwenVl(config) ? rotaryTablesOf(sequences, starts, tokens, config) : {}),
      ...packed?.feeds,
      ...layout.feeds,
    },
  };
}

/** Feeds `cos` and `sin` [B, S, headSize / 2] of decoders whose angles depend on what a token shows; padding stands at 0. */
function rotaryTablesOf(
  sequences: readonly Sequence[],
  starts: readonly number[],
  total: number,
  config: VideoLlmConfig,
): { cos: Float32Array; sin: Float32Array } {
  const ids = new Int32Array(3 * total);
  sequences.forEach((sequence, b) => {
    const { prompt } = sequence;
    const positions = rotaryPositions(prompt, config);
    const own = prompt.tokenIds.length;
    for (let axis = 0; axis < 3; axis++) {
      const first = axis * total + (starts[b] as number);
      ids.set(positions.ids.subarray(axis * own, (axis + 1) * own), first);
      for (let i = own; i < sequenceLength(sequence); i++) ids[first + i] = positions.next + i - own;
    }
  });
  return rotaryTables3d(ids, config);
}

interface VisualLayout {
  readonly visualRows: number;
  readonly frames: GraphShape["frames"];
  readonly feeds: Record<string, Float32Array>;
  /** Row of the visual table for each kept token of some features. */
  rowsOf(features: VisualFeatures): number[];
}

function layOutVisual(sequences: readonly Sequence[], config: VideoLlmConfig, visual: VisualInput): VisualLayout {
  const unique = [...new Set(sequences.flatMap(({ prompt }) => prompt.visual))];
  const offsets = new Map<VisualFeatures, number>();
  const [first] = unique;
  if (first === undefined) return { visualRows: 0, frames: null, feeds: {}, rowsOf: () => [] };
  const { embeddings } = visual;
  if (embeddings !== null) {
    let total = 0;
    for (const features of unique) {
      offsets.set(features, total);
      total += features.keptTokens.length;
    }
    const visualRows = bucketSize(total, 64, 1);
    const width = visualWidth(config);
    const table = new Float32Array(visualRows * width);
    for (const features of unique) table.set(embeddings(features), (offsets.get(features) as number) * width);
    const rowsOf = (features: VisualFeatures): number[] =>
      Array.from(features.keptTokens, (_, i) => (offsets.get(features) as number) + i);
    return { visualRows, frames: null, feeds: { visual: table }, rowsOf };
  }
  const [, rows, columns] = first.grid;
  const { mergeSize } = first;
  const other = unique.find(({ grid, mergeSize: m }) => grid[1] !== rows || grid[2] !== columns || m !== mergeSize);
  if (other !== undefined) {
    throw new PromptError(
      "visual-count",
      `expected videos of one size in a prompt that trains the vision encoder, found ${rows} x ${columns} and ${other.grid[1]} x ${other.grid[2]} patches; resize them alike`,
    );
  }
  const frameTotal = unique.reduce((sum, features) => sum + features.grid[0], 0);
  const frames = { frames: bucketSize(frameTotal, 1), rows, columns, mergeSize };
  const patchSize = patchLength(config);
  const patches = new Float32Array(frames.frames * rows * columns * patchSize);
  let frame = 0;
  for (const features of unique) {
    offsets.set(features, frame * tokensPerFrame(frames));
    patches.set(features.patches.pixel_values.data, frame * rows * columns * patchSize);
    frame += features.grid[0];
  }
  const rowsOf = (features: VisualFeatures): number[] =>
    Array.from(features.keptTokens, (token) => (offsets.get(features) as number) + token);
  return { visualRows: 0, frames, feeds: { patches }, rowsOf };
}
