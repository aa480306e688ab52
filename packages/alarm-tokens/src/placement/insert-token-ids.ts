import { AlarmShapeError } from "../errors.js";

/** Ids to put before an index of the sequence. */
export interface Insertion {
  /** Index into the sequence without insertions; its length means the end. */
  readonly before: number;
  /** What is inserted, in order. */
  readonly tokenIds: readonly number[];
}

/** A sequence with insertions. */
export interface InsertedTokenIds {
  /** The new sequence. */
  readonly tokenIds: Int32Array;
  /** Index into the original ids, -1 at inserted ones: carries labels, masks and positions along (`carryOver`). */
  readonly sourceIndex: Int32Array;
  /** Indices of each insertion's ids in the new sequence. */
  readonly positions: readonly (readonly number[])[];
}

/**
 * Inserts ids at several places of a sequence [S]; insertions before the same index keep their order. The general form
 * behind every placement (`placeAlarms`).
 *
 * @throws AlarmShapeError unless 0 <= before <= S, in rising order.
 */
export function insertTokenIds(tokenIds: ArrayLike<number>, insertions: readonly Insertion[]): InsertedTokenIds {
  const total = insertions.reduce((sum, insertion) => sum + insertion.tokenIds.length, tokenIds.length);
  const placed = new Int32Array(total);
  const sourceIndex = new Int32Array(total).fill(-1);
  const positions: number[][] = [];
  let read = 0;
  let write = 0;
  const copyUntil = (end: number): void => {
    for (; read < end; read++, write++) {
      placed[write] = tokenIds[read] as number;
      sourceIndex[write] = read;
    }
  };
  for (const { before, tokenIds: inserted } of insertions) {
    if (!(Number.isInteger(before) && before >= read && before <= tokenIds.length)) {
      throw new AlarmShapeError(
        `expected insertions in rising order inside [0, ${tokenIds.length}], found one before ${before} after ${read}`,
      );
    }
    copyUntil(before);
    positions.push(inserted.map((_, i) => write + i));
    placed.set(inserted, write);
    write += inserted.length;
  }
  copyUntil(tokenIds.length);
  return { tokenIds: placed, sourceIndex, positions };
}
