import { type AlarmPositions, findAlarmPositions, placeAlarmTokenIds } from "@videosafety/alarm-tokens";
import { type ChatMessage, renderChat } from "./chat.js";
import { PromptError } from "./errors.js";
import type { TextTokenizer } from "./text-tokenizer.js";
import type { VisualFeatures } from "./visual-features.js";

/** What `preparePrompt` takes. */
export interface PromptRequest {
  /** The conversation up to the answer. */
  readonly messages: readonly ChatMessage[];
  /** Features of the videos and images, in the order of their parts; none for a text-only prompt. */
  readonly visual?: VisualFeatures | readonly VisualFeatures[] | null;
  /** Whether the two alarm tokens are placed. Default true. */
  readonly alarmTokens?: boolean;
}

/** A prompt ready for the model: ids, and where visual features and alarm vectors go. */
export interface PreparedPrompt {
  /** Token ids [S]. */
  readonly tokenIds: Int32Array;
  /** The visual inputs the prompt refers to. */
  readonly visual: readonly VisualFeatures[];
  /** Positions of visual tokens, ascending: the i-th takes row i of the concatenated features. */
  readonly visualPositions: Int32Array;
  /** Where the alarm tokens are; null without them. */
  readonly alarmPositions: AlarmPositions | null;
}

/** Labels of one sample: 0 safe, 1 harmful. */
export interface SampleLabels {
  /** Of the video. */
  readonly visual: 0 | 1;
  /** Of the query. */
  readonly textual: 0 | 1;
}

/** A prompt with the completion to learn. Loss falls on the completion only. */
export interface PreparedSample {
  /** What precedes the completion. */
  readonly prompt: PreparedPrompt;
  /** Completion ids, the end-of-turn token included; empty for probing alarm states. */
  readonly completionIds: Int32Array;
  /** Labels of the alarm classification heads. */
  readonly labels: SampleLabels;
}

/**
 * Turns a conversation into ids: renders the chat template, repeats each frame's placeholder once per kept visual token,
 * and places the alarm tokens.
 *
 * @throws PromptError `too-long` when the prompt exceeds `maxPositions`, and as `renderChat`.
 * @throws AlarmPlacementError when the alarm tokens have no place.
 */
export function buildPrompt(
  request: PromptRequest,
  tokenizer: TextTokenizer,
  template: string,
  maxPositions: number,
): PreparedPrompt {
  const { messages, alarmTokens = true } = request;
  const visual = request.visual === undefined || request.visual === null ? [] : [request.visual].flat();
  const ids = tokenizer.encode(renderChat(messages, visual, tokenizer, template));
  const visualIds = new Set([tokenizer.imageId, tokenizer.videoId]);
  let tokenIds = Int32Array.from(expandPlaceholders(ids, visualIds, visual));
  let alarmPositions: AlarmPositions | null = null;
  if (alarmTokens) {
    const placed = placeAlarmTokenIds(tokenIds, {
      alarm: tokenizer.alarmIds,
      visual: [...visualIds],
      userTurnStart: tokenizer.userTurnStart,
      endOfTurn: tokenizer.turnEndId,
    });
    tokenIds = Int32Array.from(placed.tokenIds);
    alarmPositions = findAlarmPositions(tokenIds, tokenizer.alarmIds);
  }
  if (tokenIds.length > maxPositions) {
    throw new PromptError(
      "too-long",
      `expected at most ${maxPositions} tokens, found ${tokenIds.length}; sample fewer frames or shorten the text`,
    );
  }
  const visualPositions: number[] = [];
  tokenIds.forEach((id, i) => {
    if (visualIds.has(id)) visualPositions.push(i);
  });
  return { tokenIds, visual, visualPositions: Int32Array.from(visualPositions), alarmPositions };
}

function expandPlaceholders(
  ids: readonly number[],
  visualIds: ReadonlySet<number>,
  visual: readonly VisualFeatures[],
): number[] {
  const counts = visual.flatMap((features) => Array.from(features.frameTokenCounts));
  const expanded: number[] = [];
  let frame = 0;
  for (const id of ids) {
    const times = visualIds.has(id) ? (counts[frame++] ?? 0) : 1;
    for (let i = 0; i < times; i++) expanded.push(id);
  }
  if (frame !== counts.length) {
    throw new PromptError(
      "visual-count",
      `expected ${counts.length} frame placeholders in the prompt, found ${frame}; check the chat template`,
    );
  }
  return expanded;
}
