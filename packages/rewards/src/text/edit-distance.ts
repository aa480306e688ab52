import { numberTokens } from "./ngrams.js";

/**
 * Levenshtein distance of two sequences (insertion, deletion and substitution cost 1). Bit-parallel (Myers 1999, in
 * Hyyrö's block form): O(n ceil(m / 32)) for the shorter length m.
 */
export function editDistance(a: readonly string[], b: readonly string[]): number {
  const { reference, hypothesis, vocabularySize } = numberTokens(a, b);
  return numberedEditDistance(reference, hypothesis, vocabularySize);
}

/** The same over numbers in [0, vocabularySize). */
export function numberedEditDistance(a: Int32Array, b: Int32Array, vocabularySize: number): number {
  let start = 0;
  let endA = a.length;
  let endB = b.length;
  while (start < endA && start < endB && a[start] === b[start]) start++;
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) {
    endA--;
    endB--;
  }
  const restA = a.subarray(start, endA);
  const restB = b.subarray(start, endB);
  return restA.length <= restB.length
    ? blockDistance(restA, restB, vocabularySize)
    : blockDistance(restB, restA, vocabularySize);
}

function blockDistance(pattern: Int32Array, text: Int32Array, vocabularySize: number): number {
  const m = pattern.length;
  if (m === 0) return text.length;
  const blocks = (m + 31) >>> 5;
  const { maskOf, masks } = positionMasks(pattern, blocks, vocabularySize);
  // Vertical differences down a column: bit i of `plus` (`minus`) says that D[i+1] - D[i] is +1 (-1).
  const plus = new Int32Array(blocks).fill(-1);
  const minus = new Int32Array(blocks);
  const lastBit = (m - 1) & 31;
  let distance = m;
  for (let j = 0; j < text.length; j++) {
    const first = maskOf[text[j] as number] as number;
    // Horizontal difference that enters a block from above, as two bits: +1 at the top row.
    let up = 1;
    let down = 0;
    for (let block = 0; block < blocks; block++) {
      const pv = plus[block] as number;
      const mv = minus[block] as number;
      const equal = masks[first + block] as number;
      const eq = equal | down;
      const xv = equal | mv;
      const xh = ((((eq & pv) + pv) | 0) ^ pv) | eq;
      const ph = mv | ~(xh | pv);
      const mh = pv & xh;
      const top = block === blocks - 1 ? lastBit : 31;
      const shifted = (ph << 1) | up;
      plus[block] = (mh << 1) | down | ~(xv | shifted);
      minus[block] = shifted & xv;
      up = (ph >>> top) & 1;
      down = (mh >>> top) & 1;
    }
    distance += up - down;
  }
  return distance;
}

/** Masks of the pattern's tokens, one row of blocks each; the first row is empty and is that of all other tokens. */
function positionMasks(pattern: Int32Array, blocks: number, vocabularySize: number) {
  const maskOf = new Int32Array(vocabularySize);
  let rows = 1;
  for (const token of pattern) if (maskOf[token] === 0) maskOf[token] = blocks * rows++;
  const masks = new Int32Array(rows * blocks);
  pattern.forEach((token, i) => {
    const at = (maskOf[token] as number) + (i >>> 5);
    masks[at] = (masks[at] as number) | (1 << (i & 31));
  });
  return { maskOf, masks };
}
