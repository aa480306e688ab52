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

/**
 * An odd number that no text can know, for the hash tables of this folder: whoever writes a text cannot choose it so that its words or
 * n-grams collide. Results do not depend on it: entries are compared in full and numbered in order of first use.
 */
export const HASH_SEED = (Math.floor(Math.random() * 2 ** 32) | 1) >>> 0;

/** A hash's slot in a table of 2^bits slots. */
export const slotOf = (hash: number, shift: number): number => Math.imul(hash ^ (hash >>> 15), 0x9e3779b1) >>> shift;

/** Bits of a table that holds `count` entries at most half full. */
export const tableBits = (count: number): number => Math.max(4, 33 - Math.clz32(Math.max(1, count)));

/** The n-grams as numbers from 0 without gaps, in order of first use: one pass over both texts. */
export function ngramPair(pair: TokenPair, n: number): TokenPair {
  if (n === 1) return pair;
  const { reference, hypothesis } = pair;
  const lengths = [reference, hypothesis].map(({ length }) => Math.max(0, length - n + 1)) as [number, number];
  const bits = tableBits(lengths[0] + lengths[1]);
  /** 1 + the n-gram's number in a slot; 0 is free. */
  const table = new Int32Array(2 ** bits);
  /** Where each n-gram stood first: in the reference, or (counted below zero) in the hypothesis. */
  const firsts = new Int32Array(lengths[0] + lengths[1]);
  const hashes = new Int32Array(firsts.length);
  const shift = 32 - bits;
  const mask = table.length - 1;
  let count = 0;
  const numbered = (tokens: Int32Array, length: number, inReference: boolean): Int32Array => {
    const ids = new Int32Array(length);
    for (let i = 0; i < length; i++) {
      let hash = HASH_SEED;
      for (let k = 0; k < n; k++) hash = Math.imul(hash ^ (tokens[i + k] as number), HASH_SEED) ^ (hash >>> 13);
      let slot = slotOf(hash, shift);
      for (;;) {
        const known = table[slot] as number;
        if (known === 0) {
          table[slot] = ++count;
          firsts[count - 1] = inReference ? i : ~i;
          hashes[count - 1] = hash;
          ids[i] = count - 1;
          break;
        }
        if (hashes[known - 1] === hash) {
          const first = firsts[known - 1] as number;
          const source = first >= 0 ? reference : hypothesis;
          const at = first >= 0 ? first : ~first;
          let k = 0;
          while (k < n && source[at + k] === tokens[i + k]) k++;
          if (k === n) {
            ids[i] = known - 1;
            break;
          }
        }
        slot = (slot + 1) & mask;
      }
    }
    return ids;
  };
  return {
    reference: numbered(reference, lengths[0], true),
    hypothesis: numbered(hypothesis, lengths[1], false),
    vocabularySize: count,
  };
}
