import { AlarmShapeError } from "../errors.js";
import type { PlacementTokens } from "./alarm-insertion-points.js";
import type { PlacementOptions } from "./alarm-points.js";
import { placeAlarms } from "./place-alarms.js";

/** A sequence with both alarm tokens. */
export interface PlacedTokenIds {
  /** [S + 2, or more with earlier turns] ids with the alarm tokens inserted. */
  readonly tokenIds: Int32Array;
  /** Index of the visual alarm token in `tokenIds`. */
  readonly visualIndex: number;
  /** Index of the textual alarm token in `tokenIds`: that of the last user turn. */
  readonly textualIndex: number;
  /** Indices of the textual alarm tokens of earlier user turns, where they were asked for. */
  readonly earlierTextualIndices: readonly number[];
  /** The user turns that have a textual alarm, counted from 0. */
  readonly userTurns: readonly number[];
  /** Index into the original ids, -1 at the alarm tokens: carries labels, masks and positions along. */
  readonly sourceIndex: Int32Array;
}

/**
 * Inserts the alarm tokens into ids [S] that have none: one of each, as in the paper, around the last user turn; `turns: "every"` gives
 * earlier user turns a textual one too. `placeAlarms` has other layouts.
 *
 * @returns new ids, the indices of the alarm tokens, and the map back to the given ids.
 * @throws AlarmPlacementError as `alarmInsertionPoints`, or `alarm-duplicated` when the ids already hold one.
 */
export function placeAlarmTokenIds(
  tokenIds: ArrayLike<number>,
  tokens: PlacementTokens,
  options: PlacementOptions = {},
): PlacedTokenIds {
  const placed = placeAlarms(tokenIds, tokens, {}, [], options);
  const { positions, earlierTextual = [], sourceIndex, userTurns } = placed;
  return {
    tokenIds: placed.tokenIds,
    visualIndex: positions.visual,
    textualIndex: positions.textual,
    earlierTextualIndices: earlierTextual.flat(),
    sourceIndex,
    userTurns,
  };
}

/**
 * Carries a parallel array (labels, masks) over the insertion.
 *
 * @param fill value at the alarm tokens: -100 for labels, so that no loss falls on them.
 * @throws AlarmShapeError when `values` is not one per token.
 */
export function carryOver(
  values: ArrayLike<number>,
  placed: Pick<PlacedTokenIds, "sourceIndex">,
  fill: number,
): Int32Array {
  const length = placed.sourceIndex.reduce((most, source) => Math.max(most, source + 1), 0);
  if (values.length !== length) {
    throw new AlarmShapeError(
      `expected ${length} values, one per token of the sequence before placement, found ${values.length}; carry the array that belongs to these ids`,
    );
  }
  return placed.sourceIndex.map((source) => (source < 0 ? fill : (values[source] as number)));
}
