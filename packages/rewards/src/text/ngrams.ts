import { numberPairs } from "./number-pairs.js";

/** Two texts as numbers of tokens. */
export interface TokenPair {
  /** Tokens of the reference. */
  readonly reference: Int32Array;
  /** Tokens of the hypothesis. */
  readonly hypothesis: Int32Array;
  /** One more than the largest number. */
  readonly vocabularySize: number;
}

/** Two lists of tokens as numbers, in order of first use. */
export function numberTokens(reference: readonly string[], hypothesis: readonly string[]): TokenPair {
  const numbers = new Map<string, number>();
  const numbered = (tokens: readonly string[]): Int32Array =>
    Int32Array.from(tokens, (token) => {
      const number = numbers.get(token) ?? numbers.size;
      if (number === numbers.size) numbers.set(token, number);
      return number;
    });
  return { reference: numbered(reference), hypothesis: numbered(hypothesis), vocabularySize: numbers.size };
}

/** The n-grams as numbers from 0 without gaps, by extending (n-1)-grams with one token at a time. Linear time for a given n. */
export function ngramPair(pair: TokenPair, n: number): TokenPair {
  let grams = pair;
  for (let order = 2; order <= n; order++) {
    const referenceLength = Math.max(0, grams.reference.length - 1);
    const hypothesisLength = Math.max(0, grams.hypothesis.length - 1);
    const heads = new Int32Array(referenceLength + hypothesisLength);
    const tails = new Int32Array(heads.length);
    heads.set(grams.reference.subarray(0, referenceLength));
    heads.set(grams.hypothesis.subarray(0, hypothesisLength), referenceLength);
    tails.set(pair.reference.subarray(order - 1));
    tails.set(pair.hypothesis.subarray(order - 1), referenceLength);
    const { ids, count } = numberPairs(heads, grams.vocabularySize, tails, pair.vocabularySize);
    grams = {
      reference: ids.subarray(0, referenceLength),
      hypothesis: ids.subarray(referenceLength),
      vocabularySize: count,
    };
  }
  return grams;
}
