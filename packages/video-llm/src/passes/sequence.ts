import type { PackedShape } from "../graph/packed-attention.js";
import type { PreparedPrompt } from "../prompt/prompt.js";
import type { VisualFeatures } from "../vision/visual-features.js";

/** A prompt with (possibly no) completion tokens after it. */
export interface Sequence {
  /** What comes first. */
  readonly prompt: PreparedPrompt;
  /** What follows. */
  readonly completionIds: Int32Array;
}

/** Tokens the decoder reads: the last completion token is only predicted. */
export const sequenceLength = ({ prompt, completionIds }: Sequence): number =>
  prompt.tokenIds.length + Math.max(0, completionIds.length - 1);

/** Indices of sequences that run together, with the padded length. */
export interface MicroBatch {
  /** Indices into the given sequences. */
  readonly indices: readonly number[];
  /** Padded tokens a sequence; of all sequences together where they are packed. */
  readonly length: number;
  /** How they are packed into one row; absent: padded, each in its own. */
  readonly packed?: PackedLayout;
}

/** Where the sequences of a packed run lie. */
export interface PackedLayout {
  /** Sizes of the graph. */
  readonly shape: PackedShape;
  /** Row N of the packed tokens, with padding only at the end. */
  readonly tokens: number;
  /** First token of each sequence, in order. */
  readonly starts: readonly number[];
  /** Inputs `slot_tokens` [M] and `token_slots` [N] of `packedAttention`, and `positions` [N] of tokens in their sequences. */
  readonly feeds: Record<"slot_tokens" | "token_slots" | "positions", Int32Array>;
}

/** Indices of sequences that one graph can take: all, or with `splitByGrid` those with videos of the same frame sizes. */
export function groupByGrid(sequences: readonly Sequence[], splitByGrid: boolean): number[][] {
  const groups = new Map<string, number[]>();
  sequences.forEach((sequence, i) => {
    const key = splitByGrid ? gridKey(sequence.prompt.visual) : "";
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [i]);
    else group.push(i);
  });
  return [...groups.values()];
}

const gridKey = (visual: readonly VisualFeatures[]): string =>
  visual.map(({ grid, mergeSize }) => `${grid[1]}x${grid[2]}/${mergeSize}`).join("+");
