import type { SampleLabels } from "@videosafety/alarm-tokens";
import type { VideoLlmConfig } from "../config/config.js";
import { PromptError } from "../errors.js";
import type { PreparedPrompt, PreparedSample } from "./prompt.js";
import type { TextTokenizer } from "./text-tokenizer.js";

/** What `prepareSample` takes. */
export interface SampleRequest {
  /** What precedes the completion. */
  readonly prompt: PreparedPrompt;
  /** The answer to learn (the end-of-turn token is appended), or its ids as they are; none for probing alarm states. */
  readonly completion?: string | ArrayLike<number>;
  /** 0 safe, 1 harmful, null unknown (no loss on that head); left out: both count as safe. */
  readonly labels?: SampleLabels;
}

/** Adds the completion to learn to a prompt. @throws PromptError `empty-completion`, `special-token-in-text`, `too-long` */
export function buildSample(
  { prompt, completion, labels = { visual: 0, textual: 0 } }: SampleRequest,
  tokenizer: TextTokenizer,
  { maxPositions }: Pick<VideoLlmConfig, "maxPositions">,
): PreparedSample {
  if (typeof completion === "string" && completion === "") {
    throw new PromptError(
      "empty-completion",
      "expected a completion, found an empty text; leave it out to probe alarm states",
    );
  }
  const ids =
    typeof completion === "string"
      ? [...tokenizer.encodeCompletion(completion), tokenizer.turnEndId]
      : (completion ?? []);
  const total = prompt.tokenIds.length + ids.length;
  if (total > maxPositions) {
    throw new PromptError(
      "too-long",
      `expected at most ${maxPositions} tokens, found ${total}; shorten the completion`,
    );
  }
  return { prompt, completionIds: Int32Array.from(ids), labels };
}
