import type { PreparedPrompt } from "../prompt/prompt.js";

/** A prompt among the rows of a graph's input. */
export interface PlacedPrompt {
  /** The prompt. */
  readonly prompt: Pick<PreparedPrompt, "alarms">;
  /** Row of its first token; negative where the rows begin inside the prompt. */
  readonly firstRow: number;
}

/** Inputs that put alarm vectors into embeddings. */
export interface AlarmFeeds {
  /** [rows], 1 where a visual alarm vector goes. */
  readonly is_visual_alarm: Uint8Array;
  /** [rows], 1 where a textual alarm vector goes. */
  readonly is_textual_alarm: Uint8Array;
  /** [rows], which of the visual vectors goes there: j for the j-th token of a group. */
  readonly visual_alarm_index: Int32Array;
  /** [rows], as above. */
  readonly textual_alarm_index: Int32Array;
}

/** Marks the alarm tokens of prompts among `rows` rows. */
export function alarmFeeds(rows: number, prompts: readonly PlacedPrompt[]): AlarmFeeds {
  const feeds = {
    is_visual_alarm: new Uint8Array(rows),
    is_textual_alarm: new Uint8Array(rows),
    visual_alarm_index: new Int32Array(rows),
    textual_alarm_index: new Int32Array(rows),
  };
  for (const { prompt, firstRow } of prompts) {
    if (prompt.alarms === null) continue;
    const { visual, textual, earlierTextual = [] } = prompt.alarms;
    const groups = { visual, textual: [...earlierTextual, textual] };
    for (const modality of ["visual", "textual"] as const) {
      for (const group of groups[modality]) {
        group.forEach((position, j) => {
          const row = firstRow + position;
          if (row < 0) return;
          feeds[`is_${modality}_alarm`][row] = 1;
          feeds[`${modality}_alarm_index`][row] = j;
        });
      }
    }
  }
  return feeds;
}
