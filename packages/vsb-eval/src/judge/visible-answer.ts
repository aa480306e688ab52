import { isWellFormedCompletion, parseTaggedCompletion } from "@videosafety/safety-data";

/** What a completion says, split by the VideoSafety-R1 format. */
export interface CompletionParts {
  /** What the user reads: the inside of `<answer>`, else the text without its `<think>` block. */
  readonly answer: string;
  /** The inside of `<think>`; null when there is none. */
  readonly think: string | null;
  /** Whether the text uses any of the format's tags. */
  readonly tagged: boolean;
  /** Whether the whole text is `<think><answer><vidType><textType>` in order (outer white space allowed). */
  readonly wellFormed: boolean;
  /** The model's own label of the video; null when missing or neither 0 nor 1. */
  readonly vidType: 0 | 1 | null;
  /** The model's own label of the query; null when missing or neither 0 nor 1. */
  readonly textType: 0 | 1 | null;
}

const label = (text: string | null): 0 | 1 | null => (text === "0" ? 0 : text === "1" ? 1 : null);

/**
 * Splits a completion. Only `answer` may be judged: a refusal or a harmful plan inside `<think>` is not what the user
 * gets. A `<think>` that never closes leaves an empty answer.
 */
export function splitCompletion(text: string): CompletionParts {
  const { think, answer, vidType, textType } = parseTaggedCompletion(text);
  const tagged = /<(?:think|answer|vidType|textType)>/.test(text);
  const visible =
    answer ??
    text
      .replace(/<think>[\s\S]*?(?:<\/think>|$)/g, "")
      .replace(/<(vidType|textType)>[^<]*<\/\1>/g, "")
      .replace(/<\/?(?:answer|vidType|textType)>/g, "");
  return {
    answer: visible.trim(),
    think,
    tagged,
    wellFormed: isWellFormedCompletion(text.trim()),
    vidType: label(vidType),
    textType: label(textType),
  };
}
