import type { AttentionBlock } from "../graph/packed-attention.js";
import { bucketSize } from "./bucket.js";
import { groupByGrid, type MicroBatch, type PackedLayout, type Sequence, sequenceLength } from "./sequence.js";

/** At most this many attention slots for each token that a run may have: bounds what a mix of very different lengths costs. */
const SLOTS_A_TOKEN = 2;

/**
 * Splits sequences into packed runs, longest first, with at most `maxTokens` real tokens each (a longer sequence runs
 * alone). With `splitByGrid`, videos of different frame sizes are kept apart, as one vision encoder graph needs them to be.
 */
export function planPackedRuns(sequences: readonly Sequence[], maxTokens: number, splitByGrid: boolean): MicroBatch[] {
  const lengthOf = (i: number): number => sequenceLength(sequences[i] as Sequence);
  const batches: MicroBatch[] = [];
  for (const group of groupByGrid(sequences, splitByGrid)) {
    group.sort((a, b) => lengthOf(b) - lengthOf(a) || a - b);
    let run: number[] = [];
    let tokens = 0;
    const close = (): void => {
      const packed = packedLayout(run.map(lengthOf));
      batches.push({ indices: run, length: packed.tokens, packed });
    };
    for (const index of group) {
      const slots = slotCount(attentionBlocks([...run, index].map(lengthOf)));
      if (run.length > 0 && (tokens + lengthOf(index) > maxTokens || slots > SLOTS_A_TOKEN * maxTokens)) {
        close();
        run = [];
        tokens = 0;
      }
      run.push(index);
      tokens += lengthOf(index);
    }
    close();
  }
  return batches;
}

/**
 * Lays sequences of the given lengths, longest first, one after the other, and deals them to attention blocks.
 *
 * @param blocks rows for all of them, in order; the first row is longer than its sequence.
 */
export function packedLayout(lengths: readonly number[], blocks = attentionBlocks(lengths)): PackedLayout {
  const slots = slotCount(blocks);
  const real = lengths.reduce((a, b) => a + b, 0);
  const tokens = bucketSize(real + 1, 64); // at least one row of padding, for the gaps of the blocks to point to
  // The last slot of the first row is a gap: the longest sequence is shorter than the block.
  const gap = (blocks[0] as AttentionBlock).length - 1;
  const slotTokens = new Int32Array(slots).fill(tokens - 1);
  const tokenSlots = new Int32Array(tokens).fill(gap);
  const positions = new Int32Array(tokens);
  const rows = blocks.flatMap((block) => Array.from({ length: block.rows }, () => block.length));
  const starts: number[] = [];
  let [token, slot] = [0, 0];
  lengths.forEach((length, i) => {
    starts.push(token);
    for (let j = 0; j < length; j++) {
      slotTokens[slot + j] = token + j;
      tokenSlots[token + j] = slot + j;
      positions[token + j] = j;
    }
    token += length;
    slot += rows[i] as number;
  });
  const shape = { sequences: rows.length, blocks };
  return { shape, tokens, starts, feeds: { slot_tokens: slotTokens, token_slots: tokenSlots, positions } };
}

/**
 * Blocks of rows for sequences, longest first: some rows as long as the longest sequence asks for, the others half as long.
 * Row counts come in quarters and lengths in buckets, so that few different graphs are compiled.
 */
function attentionBlocks(lengths: readonly number[]): readonly AttentionBlock[] {
  const sequences = bucketSize(lengths.length, 1, 2);
  const length = bucketSize((lengths[0] as number) + 1, 32);
  const long = Math.max(1, lengths.filter((own) => own > length / 2).length);
  const quarter = Math.max(1, sequences / 4);
  const rows = Math.min(sequences, Math.ceil(Math.ceil(long / quarter) * quarter));
  const blocks = [{ rows, length }];
  if (rows < sequences) blocks.push({ rows: sequences - rows, length: length / 2 });
  return blocks;
}

const slotCount = (blocks: readonly AttentionBlock[]): number =>
  blocks.reduce((sum, { rows, length }) => sum + rows * length, 0);
