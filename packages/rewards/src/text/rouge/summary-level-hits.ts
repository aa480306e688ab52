import { numberTokens } from "../ngrams.js";

/**
 * Matches of summary-level ROUGE-L (section 3.2 of Lin 2004, with ROUGE-1.5.5's guard against counting a token twice):
 * for each reference sentence the union over the hypothesis's sentences of one longest common subsequence. Which of
 * several equally long ones is taken changes the number, so the backtracking order is rouge_score's: on a tie it steps back in
 * the reference. Equal sentences are compared once. O(product of the two texts' lengths / 30) time; memory of one sentence pair.
 */
export function summaryLevelHits(
  reference: readonly (readonly string[])[],
  hypothesis: readonly (readonly string[])[],
): { hits: number; referenceTokens: number; hypothesisTokens: number } {
  const pair = numberTokens(reference.flat(), hypothesis.flat());
  const left = { reference: new Int32Array(pair.vocabularySize), hypothesis: new Int32Array(pair.vocabularySize) };
  for (const side of ["reference", "hypothesis"] as const)
    for (const token of pair[side]) left[side][token] = (left[side][token] as number) + 1;
  const candidates = [...new Map(split(pair.hypothesis, hypothesis).map((tokens) => [tokens.join(), tokens])).values()];
  const unions = new Map<string, Uint8Array>();
  let hits = 0;
  for (const sentence of split(pair.reference, reference)) {
    const key = sentence.join();
    let union = unions.get(key);
    if (!union) {
      union = unionOfSubsequences(sentence, candidates, pair.vocabularySize);
      unions.set(key, union);
    }
    for (let i = 0; i < sentence.length; i++) {
      const token = sentence[i] as number;
      const inHypothesis = left.hypothesis[token] as number;
      const inReference = left.reference[token] as number;
      if (union[i] === 0 || inHypothesis === 0 || inReference === 0) continue;
      hits++;
      left.hypothesis[token] = inHypothesis - 1;
      left.reference[token] = inReference - 1;
    }
  }
  return { hits, referenceTokens: pair.reference.length, hypothesisTokens: pair.hypothesis.length };
}

/** The numbers of each sentence. */
function split(numbers: Int32Array, sentences: readonly (readonly string[])[]): Int32Array[] {
  let from = 0;
  return sentences.map(({ length }) => {
    const tokens = numbers.subarray(from, from + length);
    from += length;
    return tokens;
  });
}

/** Bits of a word: a sum of two words and a carry stays below 2^31. */
const WORD = 30;
const ONES = 2 ** WORD - 1;

/**
 * Marks the positions of `sentence` on one longest common subsequence with each candidate. The rows of the bit-parallel table are kept
 * (see longestCommonSubsequence): a zero bit says that the length rises there, which is all that the way back asks for.
 */
function unionOfSubsequences(
  sentence: Int32Array,
  candidates: readonly Int32Array[],
  vocabularySize: number,
): Uint8Array {
  const marked = new Uint8Array(sentence.length);
  const words = Math.ceil(sentence.length / WORD);
  /** First entry of a token's masks; -1 for one that the sentence lacks. */
  const maskOf = new Int32Array(vocabularySize).fill(-1);
  let kinds = 0;
  for (const token of sentence) if (maskOf[token] === -1) maskOf[token] = words * kinds++;
  const masks = new Int32Array(kinds * words);
  sentence.forEach((token, i) => {
    const at = (maskOf[token] as number) + Math.floor(i / WORD);
    masks[at] = (masks[at] as number) | (1 << (i % WORD));
  });
  let rows = new Int32Array(0);
  for (const candidate of candidates) {
    if (rows.length < (candidate.length + 1) * words) rows = new Int32Array((candidate.length + 1) * words);
    rows.fill(ONES, 0, words);
    for (let j = 1; j <= candidate.length; j++) {
      const mask = maskOf[candidate[j - 1] as number] as number;
      const [above, row] = [(j - 1) * words, j * words];
      let carry = 0;
      for (let word = 0; word < words; word++) {
        const v = rows[above + word] as number;
        const m = mask === -1 ? 0 : (masks[mask + word] as number);
        const sum = v + (v & m) + carry;
        carry = sum >>> WORD;
        rows[row + word] = (sum & ONES) | (v & ~m);
      }
    }
    let i = sentence.length;
    let j = candidate.length;
    while (i > 0 && j > 0) {
      const rises = (((rows[j * words + Math.floor((i - 1) / WORD)] as number) >>> ((i - 1) % WORD)) & 1) === 0;
      if (sentence[i - 1] === candidate[j - 1]) {
        marked[--i] = 1;
        j--;
      } else if (rises) j--;
      else i--;
    }
  }
  return marked;
}
