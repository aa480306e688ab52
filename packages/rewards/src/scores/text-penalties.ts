import { COMPLETION_TAGS, parseTaggedCompletion } from "@videosafety/safety-data";
import { ngramPair, numberTokens } from "../text/ngrams.js";
import { tokenize } from "../text/tokenize.js";
import type { RowReward } from "./reward-row.js";
import { scored } from "./score.js";

const words = (text: string): string[] => tokenize(text, { tokenizer: "unicode", useStemmer: false });

/**
 * Minus the share of repeated word n-grams of the whole completion, in [-1, 0]: 0 when all are different or the text is shorter
 * than n words. Works in any script (see the unicode tokenizer). Linear time.
 * @param n words of an n-gram; default 4
 */
export function repetitionPenalty(n = 4): RowReward {
  if (!Number.isInteger(n) || n < 1) throw new RangeError(`expected a whole number of words, at least 1, found ${n}`);
  return ({ completion }) => {
    const { reference: grams, vocabularySize } = ngramPair(numberTokens(words(completion), []), n);
    return scored(grams.length === 0 ? 0 : vocabularySize / grams.length - 1);
  };
}

/**
 * Minus the share of the answer's word n-grams that stand word for word in `<think>`, in [-1, 0]: a model that writes its
 * answer in its reasoning, where a judge of answers does not look, is penalised. Answers of fewer than n words count as one
 * n-gram. Parts: `tagsInThink`, the number of the format's tags inside the reasoning.
 * @param n words of an n-gram; default 8
 */
export function thinkLeakagePenalty(n = 8): RowReward {
  if (!Number.isInteger(n) || n < 1) throw new RangeError(`expected a whole number of words, at least 1, found ${n}`);
  return ({ completion }) => {
    const { think, answer } = parseTaggedCompletion(completion);
    if (think === null || answer === null) return scored(0, {}, "the completion lacks <think> or <answer>");
    const tagsInThink = COMPLETION_TAGS.filter(
      (tag) => think.includes(`<${tag}>`) || think.includes(`</${tag}>`),
    ).length;
    const tokens = words(answer);
    if (tokens.length === 0) return scored(0, { tagsInThink });
    const size = Math.min(n, tokens.length);
    const { reference: inThink, hypothesis: grams } = ngramPair(numberTokens(words(think), tokens), size);
    const known = new Set(inThink);
    const leaked = grams.filter((gram) => known.has(gram)).length / grams.length;
    return scored(leaked === 0 ? 0 : -leaked, { tagsInThink });
  };
}
