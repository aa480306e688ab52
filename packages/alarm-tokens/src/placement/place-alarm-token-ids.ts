import { AlarmShapeError } from "../errors.js";
import type { RecordLocation } from "../labels/record-location.js";
import type { PlacementTokens } from "./alarm-insertion-points.js";
import { findAlarmPositions } from "./alarm-positions.js";
import { placeAlarms } from "./place-alarms.js";

/** A sequence with both alarm tokens. */
export interface PlacedTokenIds {
  /** [S + 2] ids with the alarm tokens inserted. */
  readonly tokenIds: Int32Array;
  /** Index of the visual alarm token in `tokenIds`. */
  readonly visualIndex: number;
  /** Index of the textual alarm token in `tokenIds`. */
  readonly textualIndex: number;
  /** [S + 2] index into the original ids, -1 at the alarm tokens: carries labels, masks and positions along. */
  readonly sourceIndex: Int32Array;
}

/**
 * Inserts both alarm tokens into ids [S] that have none: the paper's layout. `placeAlarms` has others.
 *
 * @returns new ids [S + 2], the indices of the alarm tokens, and the map back to the given ids.
 * @throws AlarmPlacementError as `alarmInsertionPoints`, or `alarm-duplicated` when the ids already hold one.
 */
export function placeAlarmTokenIds(
  tokenIds: ArrayLike<number>,
  tokens: PlacementTokens,
  location?: RecordLocation,
): PlacedTokenIds {
  const placed = placeAlarms(tokenIds, tokens, {}, [], location);
  const { visual, textual } = findAlarmPositions(placed.tokenIds, tokens.alarm, location);
  return { tokenIds: placed.tokenIds, visualIndex: visual, textualIndex: textual, sourceIndex: placed.sourceIndex };
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
