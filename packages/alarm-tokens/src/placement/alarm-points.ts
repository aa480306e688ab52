import { AlarmPlacementError } from "../errors.js";
import type { RecordLocation } from "../labels/record-location.js";

/** Which user turns have a textual alarm: the one that is answered now, or earlier ones too. The two heads read the last in either case. */
export type AlarmTurns = "last" | "every";

/** What placement by ids or in text takes beside the sequence. */
export interface PlacementOptions {
  /** Default "last": the alarms cover what is answered now. With "every", earlier user turns get textual alarms of their own. */
  readonly turns?: AlarmTurns;
  /** Named in errors. */
  readonly location?: RecordLocation | undefined;
}

/** Where the two alarm tokens go: before these indices of the sequence without them. */
export interface InsertionPoints {
  /** The visual alarm token is inserted before this index. */
  readonly visual: number;
  /** The textual alarm token is inserted before this index, after the visual one when both are equal. */
  readonly textual: number;
}

/** Where alarm tokens go, before indices of the sequence without them. */
export interface AlarmPoints extends InsertionPoints {
  /** Ends of earlier user turns that get a textual group of their own, rising. Default none. */
  readonly earlierTextual?: readonly number[];
}

/** The places of a conversation, and which turns they cover. */
export interface CoveredTurns extends AlarmPoints {
  /** The user turns that have a textual alarm, counted from 0 and rising: the heads read the last. */
  readonly userTurns: readonly number[];
}

/**
 * The rule of placement, for ids, texts and prompts alike: textual alarms go before the ends of the covered user turns, the visual one
 * after the last visual token, or beside the last textual one without any.
 *
 * @param ends of each user turn, in order: index of what closes it; undefined where nothing does.
 * @param visualEnd index after the last visual token; undefined without any.
 * @param turnName how errors call a user turn, by its number.
 * @throws AlarmPlacementError `no-user-turn`, `no-end-of-turn` when a covered turn is not closed, `visual-outside-turn` when a visual token
 *   comes after the last user turn, `invalid-layout` for turns that are neither "last" nor "every".
 */
export function alarmPoints(
  ends: readonly (number | undefined)[],
  visualEnd: number | undefined,
  { turns = "last", location }: PlacementOptions = {},
  turnName = (turn: number): string => `${turn} (of ${ends.length}, counted from 0)`,
): CoveredTurns {
  if (turns !== "last" && turns !== "every") {
    throw new AlarmPlacementError(
      "invalid-layout",
      `expected turns "last" or "every", found ${JSON.stringify(turns)}; leave it out for the last user turn`,
      location,
    );
  }
  if (ends.length === 0)
    throw new AlarmPlacementError(
      "no-user-turn",
      "expected a user turn, found none; check the chat template",
      location,
    );
  const userTurns = turns === "last" ? [ends.length - 1] : ends.map((_, turn) => turn);
  const covered = userTurns.map((turn) => {
    const end = ends[turn];
    if (end !== undefined) return end;
    throw new AlarmPlacementError(
      "no-end-of-turn",
      `expected an end-of-turn token to close user turn ${turnName(turn)}, found none before the next one; check the chat template, and whether the sample was truncated`,
      location,
    );
  });
  const textual = covered.at(-1) as number;
  if (visualEnd !== undefined && visualEnd > textual) {
    throw new AlarmPlacementError(
      "visual-outside-turn",
      `expected every image and video before the end of the last user turn at ${textual}, found one that ends at ${visualEnd}; move it into a user turn`,
      location,
    );
  }
  return { visual: visualEnd ?? textual, textual, earlierTextual: covered.slice(0, -1), userTurns };
}
