import {
  type AlarmLayout,
  type AlarmPlaces,
  type AlarmPositions,
  type FrameInSequence,
  placeAlarms,
  type SampleLabels,
} from "@videosafety/alarm-tokens";
import type { VideoLlmConfig } from "../config/config.js";
import { PromptError } from "../errors.js";
import type { VisualFeatures } from "../vision/visual-features.js";
import { type ChatMessage, renderChat } from "./chat.js";
import type { TextTokenizer } from "./text-tokenizer.js";

/** What `preparePrompt` takes. */
export interface PromptRequest {
  /** The conversation up to the answer. */
  readonly messages: readonly ChatMessage[];
  /** Features of the videos and images, in the order of their parts; none for a text-only prompt. */
  readonly visual?: VisualFeatures | readonly VisualFeatures[] | null;
  /**
   * Whether alarm tokens are placed, and how: by default all vectors of the model (the paper: one a modality), the visual ones
   * once, after the last visual token. `segments: "frame"` or `{ seconds }` asks for visual ones after every segment of every
   * video (Qwen-VL: a frame is a pair of frames). Default true.
   */
  readonly alarmTokens?: boolean | AlarmLayout;
}

/** A prompt ready for the model: ids, and where visual features and alarm vectors go. */
export interface PreparedPrompt {
  /** Token ids [S]. */
  readonly tokenIds: Int32Array;
  /** The visual inputs the prompt refers to. */
  readonly visual: readonly VisualFeatures[];
  /** Positions of visual tokens, ascending: the i-th takes row i of the concatenated features. */
  readonly visualPositions: Int32Array;
  /** What the two heads read: the last visual and the last textual alarm token; null without alarm tokens. */
  readonly alarmPositions: AlarmPositions | null;
  /** Every alarm token, and the time spans of segments (`video` counts the visual inputs); null without alarm tokens. */
  readonly alarms: AlarmPlaces | null;
}

/** A prompt with the completion to learn. Loss falls on the completion only. */
export interface PreparedSample {
  /** What precedes the completion. */
  readonly prompt: PreparedPrompt;
  /** Completion ids, the end-of-turn token included; empty for probing alarm states. */
  readonly completionIds: Int32Array;
  /** Labels of the two heads: 0 safe, 1 harmful, null unknown, which puts no loss on that head. */
  readonly labels: SampleLabels;
}

/**
 * Turns a conversation into ids: renders the chat template, repeats each frame's placeholder once per kept visual token,
 * and places the alarm tokens.
 *
 * @throws PromptError `too-long` when the prompt exceeds `maxPositions`, `alarm-vectors` when it asks for more alarm vectors
 *   than the model has, and as `renderChat`.
 * @throws AlarmPlacementError when the alarm tokens have no place or their layout is none.
 */
export function buildPrompt(
  request: PromptRequest,
  tokenizer: TextTokenizer,
  template: string,
  { maxPositions, alarmVectors }: Pick<VideoLlmConfig, "maxPositions" | "alarmVectors">,
): PreparedPrompt {
  const { messages, alarmTokens = true } = request;
  const visual = request.visual === undefined || request.visual === null ? [] : [request.visual].flat();
  const ids = tokenizer.encode(renderChat(messages, visual, tokenizer, template));
  const visualIds = new Set([tokenizer.imageId, tokenizer.videoId]);
  let tokenIds = Int32Array.from(expandPlaceholders(ids, visualIds, visual));
  let alarmPositions: AlarmPositions | null = null;
  let alarms: AlarmPlaces | null = null;
  if (alarmTokens !== false) {
    const tokens = {
      alarm: tokenizer.alarmIds,
      visual: [...visualIds],
      userTurnStart: tokenizer.userTurnStart,
      endOfTurn: tokenizer.turnEndId,
    };
    const layout = fullLayout(alarmTokens === true ? {} : alarmTokens, alarmVectors);
    const placed = placeAlarms(tokenIds, tokens, layout, framesOf(tokenIds, visualIds, visual));
    tokenIds = Int32Array.from(placed.tokenIds);
    alarmPositions = placed.positions;
    alarms = { visual: placed.visual, textual: placed.textual, segments: placed.segments };
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
  return { tokenIds, visual, visualPositions: Int32Array.from(visualPositions), alarmPositions, alarms };
}

/** All vectors of the model where the layout does not say. */
function fullLayout(layout: AlarmLayout, owned: VideoLlmConfig["alarmVectors"]): AlarmLayout {
  const { visualVectors = owned.visual, textualVectors = owned.textual, segments = "video" } = layout;
  if (visualVectors > owned.visual || textualVectors > owned.textual) {
    throw new PromptError(
      "alarm-vectors",
      `expected at most ${owned.visual} visual and ${owned.textual} textual alarm vectors, as many as the model has, found ${visualVectors} and ${textualVectors}; make or load the model with alarmVectors`,
    );
  }
  return { visualVectors, textualVectors, segments };
}

/** Where each frame's visual tokens end, and when it is shown. A frame without tokens belongs to the one before. */
function framesOf(
  tokenIds: Int32Array,
  visualIds: ReadonlySet<number>,
  visual: readonly VisualFeatures[],
): FrameInSequence[] {
  const positions: number[] = [];
  tokenIds.forEach((id, i) => {
    if (visualIds.has(id)) positions.push(i);
  });
  let seen = 0;
  return visual.flatMap(({ frameTokenCounts, timestampsSeconds: times, secondsPerGrid }, video) => {
    const frames: FrameInSequence[] = [];
    frameTokenCounts.forEach((count, t) => {
      seen += count;
      const startSeconds = times[t] as number;
      const endSeconds = times[t + 1] ?? startSeconds + secondsPerGrid;
      const before = frames.at(-1);
      if (count > 0) frames.push({ end: (positions[seen - 1] as number) + 1, startSeconds, endSeconds, video });
      else if (before !== undefined) frames[frames.length - 1] = { ...before, endSeconds };
    });
    return frames;
  });
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
