import { ngramPair, type TokenPair } from "../ngrams.js";
import { type TokenizeOptions, tokenize, wordPair } from "../tokenize.js";
import { longestCommonSubsequence } from "./longest-common-subsequence.js";
import { summaryLevelHits } from "./summary-level-hits.js";
import { TokenIds } from "./token-ids.js";

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
  const pair = tokenPair(reference, hypothesis, options);
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

let stemmed: TokenIds | undefined;
let plain: TokenIds | undefined;

function tokenPair(reference: string, hypothesis: string, options: TokenizeOptions): TokenPair {
  if (options.tokenizer === "unicode") return wordPair(reference, hypothesis, options.useStemmer !== false);
  if (options.useStemmer === false) plain ??= new TokenIds(false);
  else stemmed ??= new TokenIds(true);
  return ((options.useStemmer === false ? plain : stemmed) as TokenIds).pair(reference, hypothesis);
}

function rougeN(pair: TokenPair, n: number): RougeScore {
  const { reference, hypothesis, vocabularySize } = pair;
  const matches =
    n === 2 && vocabularySize ** 2 <= counts.length
      ? bigramMatches(reference, hypothesis, vocabularySize)
      : unigramMatches(ngramPair(pair, n));
  const grams = (tokens: Int32Array) => Math.max(tokens.length - n + 1, 1);
  return score(matches / grams(hypothesis), matches / grams(reference));
}

/** Scratch, all zero between calls. */
const counts = new Int32Array(1 << 16);

/** Size of the multiset intersection. */
function unigramMatches({ reference, hypothesis, vocabularySize }: TokenPair): number {
  const left = vocabularySize <= counts.length ? counts : new Int32Array(vocabularySize);
  for (let i = 0; i < reference.length; i++) {
    const token = reference[i] as number;
    left[token] = (left[token] as number) + 1;
  }
  let matches = 0;
  for (let i = 0; i < hypothesis.length; i++) {
    const token = hypothesis[i] as number;
    const count = left[token] as number;
    if (count === 0) continue;
    matches++;
    left[token] = count - 1;
  }
  for (let i = 0; i < reference.length; i++) left[reference[i] as number] = 0;
  return matches;
}

/** The same for bigrams of a vocabulary so small that each has a count of its own. */
function bigramMatches(reference: Int32Array, hypothesis: Int32Array, vocabularySize: number): number {
  for (let i = 1; i < reference.length; i++) {
    const gram = (reference[i - 1] as number) * vocabularySize + (reference[i] as number);
    counts[gram] = (counts[gram] as number) + 1;
  }
  let matches = 0;
  for (let i = 1; i < hypothesis.length; i++) {
    const gram = (hypothesis[i - 1] as number) * vocabularySize + (hypothesis[i] as number);
    const count = counts[gram] as number;
    if (count === 0) continue;
    matches++;
    counts[gram] = count - 1;
  }
  for (let i = 1; i < reference.length; i++)
    counts[(reference[i - 1] as number) * vocabularySize + (reference[i] as number)] = 0;
  return matches;
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
