import { AlarmPlacementError } from "../errors.js";
import type { RecordLocation } from "../labels/record-location.js";
import type { AlarmTokenIds } from "./alarm-tokens.js";

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

function indexOfSequence(tokenIds: ArrayLike<number>, sequence: readonly number[]): number {
  for (let i = 0; i + sequence.length <= tokenIds.length; i++) {
    if (sequence.every((id, j) => tokenIds[i + j] === id)) return i;
  }
  return -1;
}
