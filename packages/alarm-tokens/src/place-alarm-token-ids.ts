import { findAlarmPositions } from "./alarm-positions.js";
import type { AlarmTokenIds } from "./alarm-tokens.js";
import { AlarmPlacementError, AlarmShapeError } from "./errors.js";
import { insertTokenIds } from "./insert-token-ids.js";
import type { RecordLocation } from "./record-location.js";

/** The token ids that placement looks for. */
export interface PlacementTokens {
  /** Ids of the two alarm tokens. */
  readonly alarm: AlarmTokenIds;
  /** Ids that stand for visual content (VideoLLaMA3: the `<image>` placeholder, once per visual token). */
  readonly visual: readonly number[];
  /** The ids that open a user turn (ChatML: those of `<|im_start|>user`). */
  readonly userTurnStart: readonly number[];
  /** The id that closes a turn (ChatML: `<|im_end|>`). */
  readonly endOfTurn: number;
}

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

/** Where the two alarm tokens go: before these indices of the sequence without them. */
export interface InsertionPoints {
  /** The visual alarm token is inserted before this index. */
  readonly visual: number;
  /** The textual alarm token is inserted before this index, after the visual one when both are equal. */
  readonly textual: number;
}

/**
 * Finds where the alarm tokens belong in ids [S]: the visual one right after the last visual token of the first user
 * turn, the textual one right before that turn's end-of-turn token; without visual tokens both stand there.
 *
 * @throws AlarmPlacementError when there is no user turn, it is not closed, or visual tokens lie outside it.
 */
export function alarmInsertionPoints(
  tokenIds: ArrayLike<number>,
  tokens: PlacementTokens,
  location?: RecordLocation,
): InsertionPoints {
  const start = indexOfSequence(tokenIds, tokens.userTurnStart);
  if (start < 0) {
    throw new AlarmPlacementError(
      "no-user-turn",
      `expected a user turn opened by ids [${tokens.userTurnStart}], found none in ${tokenIds.length} tokens; check the chat template`,
      location,
    );
  }
  let end = start + tokens.userTurnStart.length;
  while (end < tokenIds.length && tokenIds[end] !== tokens.endOfTurn) end += 1;
  if (end === tokenIds.length) {
    throw new AlarmPlacementError(
      "no-end-of-turn",
      `expected id ${tokens.endOfTurn} to close the first user turn that starts at ${start}, found none; the sample may have been truncated`,
      location,
    );
  }
  const visualIds = new Set(tokens.visual);
  let lastVisual = -1;
  for (let i = 0; i < tokenIds.length; i++) if (visualIds.has(tokenIds[i] as number)) lastVisual = i;
  if (lastVisual >= 0 && (lastVisual < start || lastVisual > end)) {
    throw new AlarmPlacementError(
      "visual-outside-first-turn",
      `expected every visual token inside the first user turn [${start}, ${end}), found one at ${lastVisual}; move the video to the first user turn`,
      location,
    );
  }
  return { visual: lastVisual < 0 ? end : lastVisual + 1, textual: end };
}

/**
 * Inserts both alarm tokens into ids [S] that have none.
 *
 * @returns new ids [S + 2], the indices of the alarm tokens, and the map back to the given ids.
 * @throws AlarmPlacementError as `alarmInsertionPoints`, or `alarm-duplicated` when the ids already hold one.
 */
export function placeAlarmTokenIds(
  tokenIds: ArrayLike<number>,
  tokens: PlacementTokens,
  location?: RecordLocation,
): PlacedTokenIds {
  const points = alarmInsertionPoints(tokenIds, tokens, location);
  const placed = insertTokenIds(tokenIds, [
    { before: points.visual, tokenIds: [tokens.alarm.visual] },
    { before: points.textual, tokenIds: [tokens.alarm.textual] },
  ]);
  const { visual, textual } = findAlarmPositions(placed.tokenIds, tokens.alarm, location);
  return { tokenIds: placed.tokenIds, visualIndex: visual, textualIndex: textual, sourceIndex: placed.sourceIndex };
}

/**
 * Carries a parallel array (labels, masks) over the insertion.
 *
 * @param fill value at the alarm tokens: -100 for labels, so that no loss falls on them.
 * @throws AlarmShapeError when `values` is not one a token.
 */
export function carryOver(
  values: ArrayLike<number>,
  placed: Pick<PlacedTokenIds, "sourceIndex">,
  fill: number,
): Int32Array {
  const length = placed.sourceIndex.reduce((most, source) => Math.max(most, source + 1), 0);
  if (values.length !== length) {
    throw new AlarmShapeError(
      `expected ${length} values, one a token of the sequence before placement, found ${values.length}; carry the array that belongs to these ids`,
    );
  }
  return placed.sourceIndex.map((source) => (source < 0 ? fill : (values[source] as number)));
}

function indexOfSequence(tokenIds: ArrayLike<number>, sequence: readonly number[]): number {
  for (let i = 0; i + sequence.length <= tokenIds.length; i++) {
    if (sequence.every((id, j) => tokenIds[i + j] === id)) return i;
  }
  return -1;
}
