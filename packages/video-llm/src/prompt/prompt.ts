import {
  type AlarmLayout,
  type AlarmPlaces,
  type AlarmPositions,
  type AlarmTurns,
  alarmPoints,
  type CoveredTurns,
  type FrameInSequence,
  placeAlarmsAt,
  type SampleLabels,
} from "@videosafety/alarm-tokens";
import type { VideoLlmConfig } from "../config/config.js";
import { PromptError } from "../errors.js";
import type { VisualFeatures } from "../vision/visual-features.js";
import type { ChatMessage } from "./chat.js";
import type { TemplateOptions } from "./chat-template.js";
import { type EncodedConversation, encodeConversation } from "./encode-conversation.js";
import { renderConversation } from "./render-conversation.js";
import type { TextTokenizer } from "./text-tokenizer.js";

/** What `preparePrompt` takes. */
export interface PromptRequest {
  /** The conversation up to the answer. */
  readonly messages: readonly ChatMessage[];
  /** Features of the videos and images, in the order of their parts; none for a text-only prompt. */
  readonly visual?: VisualFeatures | readonly VisualFeatures[] | null;
  /**
   * Whether alarm tokens are placed, and how: by default all vectors of the model (the paper: one per modality), the visual ones
   * once, after the last visual token. `segments: "frame"` or `{ seconds }` asks for visual ones after every segment of every
   * video (Qwen-VL: a frame is a pair of frames). Default true.
   */
  readonly alarmTokens?: boolean | AlarmLayout;
  /**
   * Which user turns have a textual alarm. "last" (default): the one that is answered now; "every": earlier ones too
   * (`alarms.earlierTextual`). The two heads read the last in either case.
   */
  readonly alarmTurns?: AlarmTurns;
  /** What the chat template may branch on, such as `{ add_system_prompt: true }` of VideoLLaMA3's. Default: nothing is set. */
  readonly templateOptions?: TemplateOptions;
}

/** Where the alarm tokens of a prompt are, and what they cover. */
export interface PromptAlarms extends AlarmPlaces {
  /** Index in `messages` of each user turn that has a textual alarm; the heads read the last. */
  readonly turns: readonly number[];
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
  readonly alarms: PromptAlarms | null;
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
 * and places the alarm tokens. Where everything stands is known from construction; no text is searched.
 *
 * @throws PromptError `too-long` when the prompt exceeds `maxPositions`, `alarm-vectors` when it asks for more alarm vectors
 *   than the model has, and as `renderConversation` and `encodeConversation`.
 * @throws AlarmPlacementError when the alarm tokens have no place or their layout is none.
 */
export function buildPrompt(
  request: PromptRequest,
  tokenizer: TextTokenizer,
  template: string,
  { maxPositions, alarmVectors }: Pick<VideoLlmConfig, "maxPositions" | "alarmVectors">,
): PreparedPrompt {
  const { messages, alarmTokens = true, alarmTurns = "last", templateOptions } = request;
  const visual = request.visual === undefined || request.visual === null ? [] : [request.visual].flat();
  const pieces = renderConversation(messages, visual, tokenizer, template, templateOptions);
  const encoded = encodeConversation(pieces, visual, tokenizer);
  let tokenIds = Int32Array.from(encoded.tokenIds);
  let { visualPositions } = encoded;
  let alarmPositions: AlarmPositions | null = null;
  let alarms: PromptAlarms | null = null;
  if (alarmTokens !== false) {
    const covered = coveredTurns(messages, encoded, alarmTurns);
    const layout = fullLayout(alarmTokens === true ? {} : alarmTokens, alarmVectors);
    const frames = framesOf(visualPositions, visual);
    const placed = placeAlarmsAt(tokenIds, tokenizer.alarmIds, covered.points, layout, frames);
    tokenIds = Int32Array.from(placed.tokenIds);
    alarmPositions = placed.positions;
    const { visual: groups, textual, earlierTextual, segments } = placed;
    alarms = {
      visual: groups,
      textual,
      ...(earlierTextual === undefined ? {} : { earlierTextual }),
      segments,
      turns: covered.messages,
    };
    const moved = new Map(Array.from(placed.sourceIndex, (source, i) => [source, i]));
    visualPositions = visualPositions.map((position) => moved.get(position) as number);
  }
  if (tokenIds.length > maxPositions) {
    throw new PromptError(
      "too-long",
      `expected at most ${maxPositions} tokens, found ${tokenIds.length}; sample fewer frames or shorten the text`,
    );
  }
  return { tokenIds, visual, visualPositions: Int32Array.from(visualPositions), alarmPositions, alarms };
}

/** Where the alarms stand: the rule is alarm-tokens', the ends of turns are known from construction. */
function coveredTurns(
  messages: PromptRequest["messages"],
  { turnEnds, visualPositions }: EncodedConversation,
  turns: AlarmTurns,
): { readonly points: CoveredTurns; readonly messages: readonly number[] } {
  const users = messages.flatMap(({ role }, i) => (role === "user" ? [i] : []));
  const last = visualPositions.at(-1);
  const points = alarmPoints(
    users.map((message) => turnEnds.get(message)),
    last === undefined ? undefined : last + 1,
    { turns },
    (turn) => `in message ${users[turn]}`,
  );
  return { points, messages: points.userTurns.map((turn) => users[turn] as number) };
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
function framesOf(positions: readonly number[], visual: readonly VisualFeatures[]): FrameInSequence[] {
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
