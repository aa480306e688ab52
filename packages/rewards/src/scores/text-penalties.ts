import { COMPLETION_TAGS, parseTaggedCompletion } from "@videosafety/safety-data";
import { ngramPair } from "../text/ngrams.js";
import { wordPair } from "../text/tokenize.js";
import type { RowReward } from "./reward-row.js";
import { scored } from "./score.js";

/**
 * Minus the share of repeated word n-grams of the whole completion, in [-1, 0]: 0 when all are different or the text is shorter
 * than n words. Works in any script (see the unicode tokenizer). Linear time.
 * @param n words of an n-gram; default 4
 */
export function repetitionPenalty(n = 4): RowReward {
  if (!Number.isInteger(n) || n < 1) throw new RangeError(`expected a whole number of words, at least 1, found ${n}`);
  return ({ completion }) => {
    const { reference: grams, vocabularySize } = ngramPair(wordPair(completion, ""), n);
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
    const words = wordPair(think, answer);
    if (words.hypothesis.length === 0) return scored(0, { tagsInThink });
    const {
      reference: inThink,
      hypothesis: grams,
      vocabularySize,
    } = ngramPair(words, Math.min(n, words.hypothesis.length));
    const known = new Uint8Array(vocabularySize);
    for (const gram of inThink) known[gram] = 1;
    let hits = 0;
    for (const gram of grams) hits += known[gram] as number;
    const leaked = hits / grams.length;
    return scored(leaked === 0 ? 0 : -leaked, { tagsInThink });
  };
}
