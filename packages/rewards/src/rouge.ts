import { longestCommonSubsequence } from "./longest-common-subsequence.js";
import { summaryLevelHits } from "./summary-level-hits.js";
import { type TokenizeOptions, tokenize } from "./tokenize.js";

/** Precision, recall and their harmonic mean, each in [0, 1]; all 0 when a side has no n-gram. */
export interface RougeScore {
  /** Matches over the hypothesis's n-grams (or tokens). */
  readonly precision: number;
  /** Matches over the reference's n-grams (or tokens). */
  readonly recall: number;
  /** 2 P R / (P + R), or 0. */
  readonly fmeasure: number;
}

/** A measure: `rouge1` .. `rouge9`, `rougeL`, or `rougeLsum` (sentences are separated by line ends). */
export type RougeType = `rouge${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | "L" | "Lsum"}`;

/**
 * ROUGE of a hypothesis against a reference. With the default options the numbers are those of Google's rouge_score
 * with `use_stemmer=True` to the last bit.
 *
 * @example rouge("the cat sat", "the cat", ["rouge1"]).rouge1.recall // 2/3
 */
export function rouge<T extends RougeType>(
  reference: string,
  hypothesis: string,
  types: readonly T[],
  options: TokenizeOptions = {},
): Record<T, RougeScore> {
  const pair = internPair(tokenize(reference, options), tokenize(hypothesis, options));
  const scores = {} as Record<T, RougeScore>;
  for (const type of types)
    scores[type] =
      type === "rougeL"
        ? rougeL(pair)
        : type === "rougeLsum"
          ? rougeLsum(reference, hypothesis, options)
          : rougeN(pair, Number(type.slice(5)));
  return scores;
}

/**
 * The mean of the F-measures of ROUGE-1, ROUGE-2 and ROUGE-L: the similarity of the safety reward
 * (train_grpo_vidlm3.py at 7589dea, `compute_rouge_score`). In [0, 1].
 */
export function meanRouge(reference: string, hypothesis: string, options: TokenizeOptions = {}): number {
  const { rouge1, rouge2, rougeL } = rouge(reference, hypothesis, ["rouge1", "rouge2", "rougeL"], options);
  return (rouge1.fmeasure + rouge2.fmeasure + rougeL.fmeasure) / 3;
}

interface TokenPair {
  readonly reference: Int32Array;
  readonly hypothesis: Int32Array;
  readonly vocabularySize: number;
}

function internPair(reference: readonly string[], hypothesis: readonly string[]): TokenPair {
  const ids = new Map<string, number>();
  const intern = (tokens: readonly string[]): Int32Array => {
    const result = new Int32Array(tokens.length);
    for (let i = 0; i < tokens.length; i++) {
      const token = tokens[i] as string;
      let id = ids.get(token);
      if (id === undefined) {
        id = ids.size;
        ids.set(token, id);
      }
      result[i] = id;
    }
    return result;
  };
  return { reference: intern(reference), hypothesis: intern(hypothesis), vocabularySize: ids.size };
}

function rougeN(pair: TokenPair, n: number): RougeScore {
  const { reference, hypothesis, vocabularySize } = ngramPair(pair, n);
  const counts = new Int32Array(vocabularySize);
  for (const gram of reference) counts[gram] = (counts[gram] as number) + 1;
  let matches = 0;
  for (const gram of hypothesis) {
    const left = counts[gram] as number;
    if (left > 0) matches++;
    counts[gram] = left - 1;
  }
  return score(matches / Math.max(hypothesis.length, 1), matches / Math.max(reference.length, 1));
}

/** The n-grams as ids, by extending (n-1)-grams with one token at a time. */
function ngramPair(pair: TokenPair, n: number): TokenPair {
  let { reference, hypothesis, vocabularySize } = pair;
  for (let order = 2; order <= n; order++) {
    const ids = new Map<number, number>();
    const extend = (grams: Int32Array, tokens: Int32Array): Int32Array => {
      const result = new Int32Array(Math.max(0, grams.length - 1));
      for (let i = 0; i < result.length; i++) {
        const key = (grams[i] as number) * pair.vocabularySize + (tokens[i + order - 1] as number);
        let id = ids.get(key);
        if (id === undefined) {
          id = ids.size;
          ids.set(key, id);
        }
        result[i] = id;
      }
      return result;
    };
    reference = extend(reference, pair.reference);
    hypothesis = extend(hypothesis, pair.hypothesis);
    vocabularySize = ids.size;
  }
  return { reference, hypothesis, vocabularySize };
}

function rougeL({ reference, hypothesis, vocabularySize }: TokenPair): RougeScore {
  if (reference.length === 0 || hypothesis.length === 0) return score(0, 0);
  const length = longestCommonSubsequence(reference, hypothesis, vocabularySize);
  return score(length / hypothesis.length, length / reference.length);
}

function rougeLsum(reference: string, hypothesis: string, options: TokenizeOptions): RougeScore {
  const sentences = (text: string) =>
    text
      .split("\n")
      .filter((line) => line.length > 0)
      .map((line) => tokenize(line, options));
  const { hits, referenceTokens, hypothesisTokens } = summaryLevelHits(sentences(reference), sentences(hypothesis));
  if (referenceTokens === 0 || hypothesisTokens === 0) return score(0, 0);
  return score(hits / hypothesisTokens, hits / referenceTokens);
}

function score(precision: number, recall: number): RougeScore {
  const fmeasure = precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0;
  return { precision, recall, fmeasure };
}
