import { AlarmPlacementError } from "../errors.js";
import { alarmPoints, type PlacementOptions } from "./alarm-points.js";
import { TEXTUAL_ALARM_TOKEN, VISUAL_ALARM_TOKEN } from "./alarm-tokens.js";

/** The strings that text placement looks for. Defaults are VideoLLaMA3's ChatML. */
export interface TextPlacementOptions extends PlacementOptions {
  /** Stands for visual content, once per image or once per visual token. Default `<image>`. */
  readonly placeholder?: string;
  /** Opens a user turn. Default `<|im_start|>user`. */
  readonly userTurnStart?: string;
  /** Closes a turn. Default `<|im_end|>`. */
  readonly endOfTurn?: string;
}

/** A rendered conversation with alarm tokens. */
export interface PlacedText {
  /** The text with the alarm tokens inserted. */
  readonly text: string;
  /** The user turns that have a textual alarm, counted from 0: the heads read the last. */
  readonly userTurns: readonly number[];
}

/**
 * Inserts the alarm tokens into a rendered conversation: the visual one right after the last placeholder, the textual one right before
 * the last user turn ends (or every one, `turns: "every"`); without placeholders both stand there. Turns are found by searching the
 * text, so texts of users must not hold the strings that open and close turns.
 *
 * @throws AlarmPlacementError as `alarmPoints`, or `alarm-duplicated` when the text already holds an alarm token.
 */
export function placeAlarmText(text: string, options: TextPlacementOptions = {}): PlacedText {
  const { placeholder = "<image>", userTurnStart = "<|im_start|>user", endOfTurn = "<|im_end|>", location } = options;
  for (const token of [VISUAL_ALARM_TOKEN, TEXTUAL_ALARM_TOKEN]) {
    if (text.includes(token)) {
      throw new AlarmPlacementError(
        "alarm-duplicated",
        `expected text without alarm tokens, found ${token}; remove it: a user must not be able to write alarm tokens`,
        location,
      );
    }
  }
  const turns = text.split(userTurnStart);
  const ends: (number | undefined)[] = [];
  let start = (turns[0] as string).length;
  for (const turn of turns.slice(1)) {
    const end = turn.indexOf(endOfTurn);
    ends.push(end < 0 ? undefined : start + userTurnStart.length + end);
    start += userTurnStart.length + turn.length;
  }
  if (ends.length === 0) {
    throw new AlarmPlacementError(
      "no-user-turn",
      `expected a user turn opened by ${JSON.stringify(userTurnStart)}, found none; check the chat template`,
      location,
    );
  }
  const lastVisual = text.lastIndexOf(placeholder);
  const points = alarmPoints(ends, lastVisual < 0 ? undefined : lastVisual + placeholder.length, options);
  const insertions = [
    { before: points.visual, token: VISUAL_ALARM_TOKEN },
    ...[...(points.earlierTextual ?? []), points.textual].map((before) => ({ before, token: TEXTUAL_ALARM_TOKEN })),
  ];
  // A stable sort: the visual alarm stands before the textual one at the same place.
  insertions.sort((a, b) => a.before - b.before);
  let placed = "";
  let read = 0;
  for (const { before, token } of insertions) {
    placed += text.slice(read, before) + token;
    read = before;
  }
  return { text: placed + text.slice(read), userTurns: points.userTurns };
}
