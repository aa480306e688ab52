import { AlarmPlacementError } from "../errors.js";
import type { RecordLocation } from "../labels/record-location.js";
import { TEXTUAL_ALARM_TOKEN, VISUAL_ALARM_TOKEN } from "./alarm-tokens.js";

/** The strings that text placement looks for. Defaults are VideoLLaMA3's ChatML. */
export interface TextPlacementOptions {
  /** Stands for visual content, once per image or once per visual token. Default `<image>`. */
  readonly placeholder?: string;
  /** Opens a user turn. Default `<|im_start|>user`. */
  readonly userTurnStart?: string;
  /** Closes a turn. Default `<|im_end|>`. */
  readonly endOfTurn?: string;
  /** Named in errors. */
  readonly location?: RecordLocation;
}

/**
 * Inserts both alarm tokens into a rendered conversation: the visual one right after the last placeholder of the first
 * user turn, the textual one right before that turn ends; without placeholders both stand there.
 *
 * @throws AlarmPlacementError when the text already holds an alarm token, has no closed user turn, or has a placeholder
 *   outside the first user turn.
 */
export function placeAlarmText(text: string, options: TextPlacementOptions = {}): string {
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
  const start = text.indexOf(userTurnStart);
  if (start < 0) {
    throw new AlarmPlacementError(
      "no-user-turn",
      `expected a user turn opened by ${JSON.stringify(userTurnStart)}, found none; check the chat template`,
      location,
    );
  }
  const end = text.indexOf(endOfTurn, start + userTurnStart.length);
  if (end < 0) {
    throw new AlarmPlacementError(
      "no-end-of-turn",
      `expected ${JSON.stringify(endOfTurn)} to close the first user turn, found none; the text may have been truncated`,
      location,
    );
  }
  const lastVisual = text.lastIndexOf(placeholder);
  if (lastVisual >= 0 && (lastVisual < start || lastVisual > end)) {
    throw new AlarmPlacementError(
      "visual-outside-first-turn",
      `expected every ${placeholder} inside the first user turn, found one at character ${lastVisual}; move the video to the first user turn`,
      location,
    );
  }
  const visual = lastVisual < 0 ? end : lastVisual + placeholder.length;
  return text.slice(0, visual) + VISUAL_ALARM_TOKEN + text.slice(visual, end) + TEXTUAL_ALARM_TOKEN + text.slice(end);
}
