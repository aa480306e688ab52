import { codePointTable } from "./code-point-table.js";
import { HASH_SEED, slotOf, type TokenPair, tableBits } from "./ngrams.js";

/** What a code point does to a token, as bits. */
const UNSPACED = 1;
const MARK = 2;
const WORD = 4;
const kindOf = codePointTable(
  (character) =>
    (/[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}]/u.test(character) ? UNSPACED : 0) |
    (/\p{M}/u.test(character) ? MARK : 0) |
    (/[\p{L}\p{M}\p{N}]/u.test(character) ? WORD : 0),
);

/** A text in compatibility composition and lower case, and where its words lie. */
export interface UnicodeWords {
  readonly text: string;
  /** Start and end of each word, in turn. */
  readonly bounds: Int32Array;
}

/**
 * The words of a text in any script: a character of a script without spaces with the marks after it, or a run of letters, marks and
 * digits of the others. Linear time.
 */
export function unicodeWords(original: string): UnicodeWords {
  const text = original.normalize("NFKC").toLowerCase();
  let bounds = new Int32Array(Math.max(16, text.length >> 1));
  let count = 0;
  let start = -1; // of the word that is open
  let continues = 0; // kinds that go on with it
  const close = (end: number): void => {
    if (count + 2 > bounds.length) {
      const grown = new Int32Array(2 * bounds.length);
      grown.set(bounds);
      bounds = grown;
    }
    bounds[count++] = start;
    bounds[count++] = end;
  };
  for (let i = 0; i < text.length; ) {
    const unit = text.charCodeAt(i);
    const code = unit >= 0xd800 && unit < 0xdc00 ? (text.codePointAt(i) as number) : unit;
    const kind = kindOf(code);
    const unspaced = (kind & UNSPACED) !== 0;
    if (start < 0 || (kind & continues) === 0 || (unspaced && continues === WORD)) {
      if (start >= 0) close(i);
      start = kind & (UNSPACED | WORD) ? i : -1;
      continues = unspaced ? MARK : WORD;
    }
    i += code > 0xffff ? 2 : 1;
  }
  if (start >= 0) close(text.length);
  return { text, bounds: bounds.subarray(0, count) };
}

/**
 * The words of two texts as numbers, in order of first use, without a string for each.
 * @param stem what a word of ASCII letters and digits counts as; asked once for each different word
 */
export function unicodeTokenPair(
  reference: string,
  hypothesis: string,
  stem: ((word: string) => string) | null,
): TokenPair {
  const sides = [unicodeWords(reference), unicodeWords(hypothesis)] as const;
  const total = (sides[0].bounds.length + sides[1].bounds.length) >> 1;
  const bits = tableBits(total);
  const shift = 32 - bits;
  const mask = 2 ** bits - 1;
  /** 1 + the entry in a slot; 0 is free. An entry is a different word: where it stood first, its hash and its number. */
  const table = new Int32Array(2 ** bits);
  const starts = new Int32Array(total);
  const lengths = new Int32Array(total);
  const hashes = new Int32Array(total);
  const numbers = new Int32Array(total);
  const stems = new Map<string, number>();
  let entries = 0;
  let fromReference = 0; // entries below this stood first in the reference
  let vocabularySize = 0;

  const numberOf = (text: string, start: number, end: number): number => {
    if (stem === null || !isAscii(text, start, end)) return vocabularySize++;
    const key = stem(text.slice(start, end));
    const known = stems.get(key);
    if (known !== undefined) return known;
    stems.set(key, vocabularySize);
    return vocabularySize++;
  };
  const numbered = ({ text, bounds }: UnicodeWords): Int32Array => {
    const ids = new Int32Array(bounds.length >> 1);
    for (let w = 0; w < ids.length; w++) {
      const start = bounds[2 * w] as number;
      const end = bounds[2 * w + 1] as number;
      let hash = HASH_SEED;
      for (let i = start; i < end; i++) hash = Math.imul(hash ^ text.charCodeAt(i), HASH_SEED) ^ (hash >>> 13);
      let slot = slotOf(hash, shift);
      for (;;) {
        const entry = (table[slot] as number) - 1;
        if (entry < 0) {
          table[slot] = entries + 1;
          starts[entries] = start;
          lengths[entries] = end - start;
          hashes[entries] = hash;
          ids[w] = numbers[entries] = numberOf(text, start, end);
          entries++;
          break;
        }
        if (hashes[entry] === hash && lengths[entry] === end - start) {
          const source = entry < fromReference ? sides[0].text : text;
          const at = starts[entry] as number;
          let i = 0;
          while (i < end - start && source.charCodeAt(at + i) === text.charCodeAt(start + i)) i++;
          if (i === end - start) {
            ids[w] = numbers[entry] as number;
            break;
          }
        }
        slot = (slot + 1) & mask;
      }
    }
    return ids;
  };
  fromReference = total; // while the reference is read, all entries are its own
  const first = numbered(sides[0]);
  fromReference = entries;
  const second = numbered(sides[1]);
  return { reference: first, hypothesis: second, vocabularySize };
}

function isAscii(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}
