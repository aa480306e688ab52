/**
 * Length of the longest common subsequence of two sequences of token ids in [0, vocabularySize). Bit-parallel
 * (Crochemore et al. 2001; Hyyrö 2004), common ends taken off first: O(n ceil(m / 30)) for the shorter length m. The masks are dense
 * where they are small; else sparse, without the tokens that only one side has, which is close to linear when tokens are rare.
 */
export function longestCommonSubsequence(a: Int32Array, b: Int32Array, vocabularySize: number): number {
  let start = 0;
  let endA = a.length;
  let endB = b.length;
  while (start < endA && start < endB && a[start] === b[start]) start++;
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) {
    endA--;
    endB--;
  }
  const common = start + a.length - endA;
  if (start === endA || start === endB) return common;
  const restA = a.subarray(start, endA);
  const restB = b.subarray(start, endB);
  const [short, long] = restA.length <= restB.length ? [restA, restB] : [restB, restA];
  const dense = Math.ceil(short.length / WORD) * vocabularySize <= masks.length;
  return common + (dense ? denseLength(short, long, vocabularySize) : sparseLength(short, long, vocabularySize));
}

/** Bits of a word: a sum of two words and a carry stays below 2^31. */
const WORD = 30;
const ONES = 2 ** WORD - 1;
/** Scratch: [vocabularySize, words] position masks, and one row. */
const masks = new Int32Array(1 << 16);
const row = new Int32Array(1 << 16);

/** A zero bit i of the row says that position i of `short` raises the length: V' = (V + (V & M)) | (V & ~M). */
function denseLength(short: Int32Array, long: Int32Array, vocabularySize: number): number {
  const words = Math.ceil(short.length / WORD);
  masks.fill(0, 0, vocabularySize * words);
  row.fill(ONES, 0, words);
  for (let i = 0, word = 0, bit = 0; i < short.length; i++) {
    const at = (short[i] as number) * words + word;
    masks[at] = (masks[at] as number) | (1 << bit);
    if (++bit === WORD) {
      bit = 0;
      word++;
    }
  }
  for (let j = 0; j < long.length; j++) {
    let at = (long[j] as number) * words;
    let carry = 0;
    for (let word = 0; word < words; word++) {
      const v = row[word] as number;
      const mask = masks[at++] as number;
      const sum = v + (v & mask) + carry;
      carry = sum >>> WORD;
      row[word] = (sum & ONES) | (v & ~mask);
    }
  }
  let length = 0;
  for (let word = 0; word < words; word++) length += populationCount(~(row[word] as number) & ONES);
  return length;
}

function sparseLength(a: Int32Array, b: Int32Array, vocabularySize: number): number {
  const restA = keepTokensOf(a, b, vocabularySize);
  const restB = keepTokensOf(b, restA, vocabularySize);
  if (restA.length === 0 || restB.length === 0) return 0;
  return restA.length <= restB.length
    ? bitParallel(restA, restB, vocabularySize)
    : bitParallel(restB, restA, vocabularySize);
}

function keepTokensOf(tokens: Int32Array, other: Int32Array, vocabularySize: number): Int32Array {
  const present = new Uint8Array(vocabularySize);
  for (const token of other) present[token] = 1;
  const kept = new Int32Array(tokens.length);
  let count = 0;
  for (const token of tokens) if (present[token] === 1) kept[count++] = token;
  return kept.subarray(0, count);
}

/** A zero bit i of `row` says that position i of `short` raises the length: V' = (V + (V & M)) | (V & ~M). */
function bitParallel(short: Int32Array, long: Int32Array, vocabularySize: number): number {
  const words = (short.length + 31) >>> 5;
  const row = new Uint32Array(words).fill(FULL);
  const { starts, wordOf, bitsOf, ends } = positionMasks(short, vocabularySize);
  for (const token of long) {
    let carry = 0;
    let word = -1;
    for (let k = starts[token] as number; k < (ends[token] as number); k++) {
      const target = wordOf[k] as number;
      if (carry === 1) carry = carryInto(row, word + 1, target);
      word = target;
      const v = row[word] as number;
      const mask = bitsOf[k] as number;
      const sum = v + ((v & mask) >>> 0) + carry;
      carry = sum > FULL ? 1 : 0;
      row[word] = sum | (v & ~mask);
    }
    if (carry === 1) carryInto(row, word + 1, words);
  }
  let length = 0;
  for (let w = 0; w < words; w++) {
    const used = w === words - 1 && (short.length & 31) !== 0 ? 2 ** (short.length & 31) - 1 : FULL;
    length += populationCount(~(row[w] as number) & used);
  }
  return length;
}

const FULL = 0xffffffff;

/** Carries a one through words [from, to) whose mask is empty; returns the carry that is left. */
function carryInto(row: Uint32Array, from: number, to: number): 0 | 1 {
  for (let w = from; w < to; w++) {
    const v = row[w] as number;
    if (v === FULL) continue;
    row[w] = v | (v + 1);
    return 0;
  }
  return 1;
}

/** For each token, the words of its positions and their bits: entries [starts[token], ends[token]). */
function positionMasks(tokens: Int32Array, vocabularySize: number) {
  const starts = new Int32Array(vocabularySize + 1);
  for (const token of tokens) starts[token + 1] = (starts[token + 1] as number) + 1;
  for (let t = 0; t < vocabularySize; t++) starts[t + 1] = (starts[t + 1] as number) + (starts[t] as number);
  const ends = starts.slice(0, vocabularySize);
  const wordOf = new Int32Array(tokens.length);
  const bitsOf = new Int32Array(tokens.length);
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as number;
    const last = (ends[token] as number) - 1;
    const bit = 1 << (i & 31);
    if (last >= (starts[token] as number) && wordOf[last] === i >>> 5) bitsOf[last] = (bitsOf[last] as number) | bit;
    else {
      wordOf[last + 1] = i >>> 5;
      bitsOf[last + 1] = bit;
      ends[token] = last + 2;
    }
  }
  return { starts, ends, wordOf, bitsOf };
}

function populationCount(bits: number): number {
  let v = bits - ((bits >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
