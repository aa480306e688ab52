import { isWellFormedCompletion, parseTaggedCompletion } from "@videosafety/safety-data";
import { separateReasoning } from "./reasoning.js";

/** A completion taken apart: what the user sees, what the model thought, and VideoSafety-R1's labels. */
export interface CompletionParts {
  /** What the user reads: the inside of `<answer>`, else the text without reasoning and labels. */
  readonly answer: string;
  /** The reasoning, from the text or from the server's own field; null when there is none. */
  readonly think: string | null;
  /** Whether the text uses any of VideoSafety-R1's tags. */
  readonly tagged: boolean;
  /** Whether the whole text is `<think><answer><vidType><textType>` in order (outer white space allowed). */
  readonly wellFormed: boolean;
  /** The model's own label of the video; null when missing or neither 0 nor 1. */
  readonly vidType: 0 | 1 | null;
  /** The model's own label of the query; null when missing or neither 0 nor 1. */
  readonly textType: 0 | 1 | null;
  /** Whether the reasoning never ended: the model did not come to an answer. */
  readonly unclosed?: boolean;
}

const label = (text: string | null): 0 | 1 | null => (text === "0" ? 0 : text === "1" ? 1 : null);
const LABELS = /<(vidType|textType)>[^<]*<\/\1>/g;

/**
 * Splits a completion. Only `answer` may be judged: a refusal or a harmful plan inside the reasoning is not what the
 * user gets. Reasoning that never ends leaves no answer. Text outside of `<answer>` is read by the user too: it stays.
 *
 * @param reasoning what the server gave as `reasoning_content` or `reasoning`, apart from the text.
 */
export function splitCompletion(text: string, reasoning: string | null = null): CompletionParts {
  const { answer: rest, reasoning: written, unclosed } = separateReasoning(text);
  const { answer, vidType, textType } = parseTaggedCompletion(rest);
  const outside = rest
    .replace(/<answer>[\s\S]*?<\/answer>/, "")
    .replace(LABELS, "")
    .trim();
  const plain = rest.replace(LABELS, "").replace(/<\/?(?:answer|vidType|textType)>/g, "");
  const thoughts = [reasoning, written].filter((part) => part !== null && part !== "");
  return {
    answer: (answer !== null && outside === "" ? answer : plain).trim(),
    think: thoughts.length > 0 ? thoughts.join("\n\n") : (reasoning ?? written),
    tagged: /<(?:think|answer|vidType|textType)>/.test(text),
    wellFormed: isWellFormedCompletion(text.trim()),
    vidType: label(vidType),
    textType: label(textType),
    ...(unclosed ? { unclosed } : {}),
  };
}
