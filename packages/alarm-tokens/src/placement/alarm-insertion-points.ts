import { AlarmPlacementError } from "../errors.js";
import { alarmPoints, type CoveredTurns, type PlacementOptions } from "./alarm-points.js";
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

/**
 * Finds where the alarm tokens belong in ids [S]: the visual one right after the last visual token, the textual one right before the
 * end-of-turn token of the last user turn (or of every one); without visual tokens both stand there.
 *
 * @throws AlarmPlacementError as `alarmPoints`.
 */
export function alarmInsertionPoints(
  tokenIds: ArrayLike<number>,
  tokens: PlacementTokens,
  options: PlacementOptions = {},
): CoveredTurns {
  const { userTurnStart, endOfTurn } = tokens;
  const ends: (number | undefined)[] = [];
  let open = false;
  for (let i = 0; i < tokenIds.length; i++) {
    if (userTurnStart.length > 0 && userTurnStart.every((id, j) => tokenIds[i + j] === id)) {
      ends.push(undefined);
      open = true;
      i += userTurnStart.length - 1;
    } else if (open && tokenIds[i] === endOfTurn) {
      ends[ends.length - 1] = i;
      open = false;
    }
  }
  if (ends.length === 0) {
    throw new AlarmPlacementError(
      "no-user-turn",
      `expected a user turn opened by ids [${userTurnStart}], found none in ${tokenIds.length} tokens; check the chat template`,
      options.location,
    );
  }
  const visualIds = new Set(tokens.visual);
  let visualEnd: number | undefined;
  for (let i = 0; i < tokenIds.length; i++) if (visualIds.has(tokenIds[i] as number)) visualEnd = i + 1;
  return alarmPoints(ends, visualEnd, options);
}
