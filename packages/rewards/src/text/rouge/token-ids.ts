import type { TokenPair } from "../ngrams.js";
import { porterStem } from "../porter-stemmer.js";

/** Byte of a token's letter to its lower case; 0 for everything between tokens. */
const FOLDED = new Uint8Array(256);
for (let code = 0; code < 128; code++) {
  const letter = String.fromCharCode(code).toLowerCase();
  if (/[a-z0-9]/.test(letter)) FOLDED[code] = letter.charCodeAt(0);
}
/** The only characters beyond ASCII whose lower case holds a letter a-z: U+0130 (i and a dot) and the Kelvin sign (k). */
const FOLDS_TO_ASCII = /[\u0130\u212a]/;

const SLOTS = 1 << 14;
const PROBES = 8;
const LONGEST = 32;
/** Letters that fit into two 32-bit words, and are compared as such. */
const PACKED = 8;
const MAX_LETTERS = 1 << 18;
const MAX_PAIRS = 2 ** 31 - 1;
/** References that are remembered with their tokens: completions of one prompt share theirs. */
const MAX_REFERENCES = 256;
const MAX_REFERENCE_TOKENS = 1 << 16;

/**
 * Numbers the tokens of Google's rouge_score (runs of a-z and 0-9 after lower-casing, stemmed when longer than three
 * characters): equal tokens get equal numbers within one `pair`. It makes no strings for words it has met before: a table of their letters
 * is looked at first, `PROBES` slots at most, so that words chosen to collide cost no more than the map behind it.
 * Bounded: with more than `MAX_LETTERS` letters of words it starts anew between pairs.
 */
export class TokenIds {
  readonly #stem: (token: string) => string;
  /** Word and stem to number. */
  readonly #words = new Map<string, number>();
  readonly #stems = new Map<string, number>();
  /** Letters beyond the packed ones of the word in a slot. */
  readonly #letters = new Uint8Array(SLOTS * LONGEST);
  /** Length of the word in a slot; 0 = free. */
  readonly #lengths = new Uint8Array(SLOTS);
  /** Letters 0 to 3 and 4 to 7 of the word in a slot. */
  readonly #first = new Int32Array(SLOTS);
  readonly #second = new Int32Array(SLOTS);
  readonly #numbers = new Int32Array(SLOTS);
  /** Tokens of the reference and of the hypothesis; they grow. */
  readonly #tokens: [Int32Array, Int32Array] = [new Int32Array(1024), new Int32Array(1024)];
  readonly #references = new Map<string, Int32Array>();
  #referenceTokens = 0;
  /** The pair's own number of a stem, valid when `#seenIn` holds the pair's count. */
  #local = new Int32Array(1024);
  #seenIn = new Int32Array(1024);
  #pairs = 0;
  /** Letters of the words remembered. */
  #size = 0;

  constructor(useStemmer: boolean) {
    this.#stem = useStemmer ? (token) => (token.length > 3 ? porterStem(token) : token) : (token) => token;
  }

  /** The tokens of two texts as numbers below `vocabularySize`, in order of first use. Valid until the next call. */
  pair(reference: string, hypothesis: string): TokenPair {
    if (this.#size > MAX_LETTERS || this.#pairs === MAX_PAIRS) this.#forget();
    const tokens = [this.#remembered(reference), this.#read(1, hypothesis)] as const;
    if (this.#local.length < this.#stems.size) {
      this.#local = new Int32Array(2 * this.#stems.size);
      this.#seenIn = new Int32Array(2 * this.#stems.size);
    }
    const [local, seenIn, pair] = [this.#local, this.#seenIn, ++this.#pairs];
    let vocabularySize = 0;
    const numbered = (stems: Int32Array, into: Int32Array): Int32Array => {
      for (let i = 0; i < stems.length; i++) {
        const stem = stems[i] as number;
        if (seenIn[stem] !== pair) {
          seenIn[stem] = pair;
          local[stem] = vocabularySize++;
        }
        into[i] = local[stem] as number;
      }
      return into.subarray(0, stems.length);
    };
    const [own, other] = tokens;
    if (this.#tokens[0].length < own.length) this.#tokens[0] = new Int32Array(2 * own.length);
    return { reference: numbered(own, this.#tokens[0]), hypothesis: numbered(other, other), vocabularySize };
  }

  /** The reference's words as numbers of their stems, from memory when it was met before. */
  #remembered(reference: string): Int32Array {
    let stems = this.#references.get(reference);
    if (!stems) {
      stems = this.#read(0, reference).slice();
      this.#referenceTokens += stems.length;
      if (this.#references.size >= MAX_REFERENCES || this.#referenceTokens > MAX_REFERENCE_TOKENS) {
        this.#references.clear();
        this.#referenceTokens = stems.length;
      }
      this.#references.set(reference, stems);
    }
    return stems;
  }

  /**
   * The words of a text as numbers of their stems, read from its UTF-8: bytes are quicker to walk than the characters of a string that
   * was cut out of another, and all bytes of what is not ASCII lie between words.
   */
  #read(side: 0 | 1, original: string): Int32Array {
    const text = FOLDS_TO_ASCII.test(original) ? original.toLowerCase() : original;
    if (bytes.length < 3 * text.length + 1) bytes = new Uint8Array(6 * text.length + 1);
    const size = encoder.encodeInto(text, bytes).written;
    bytes[size] = 0; // ends the last word
    const [source, first, second, lengths, numbers] = [bytes, this.#first, this.#second, this.#lengths, this.#numbers];
    let tokens: Int32Array = this.#tokens[side];
    let count = 0;
    for (let i = 0; i < size; i++) {
      let letter = FOLDED[source[i] as number] as number;
      if (letter === 0) continue;
      const start = i;
      let low = 0;
      let high = 0;
      let rest = 0;
      for (; letter !== 0; letter = FOLDED[source[++i] as number] as number) {
        const at = i - start;
        if (at < 4) low = (low << 8) | letter;
        else if (at < PACKED) high = (high << 8) | letter;
        else rest = Math.imul(rest ^ letter, 0x01000193);
      }
      const length = i - start;
      if (count === tokens.length) {
        tokens = new Int32Array(2 * count);
        tokens.set(this.#tokens[side]);
        this.#tokens[side] = tokens;
      }
      if (length > LONGEST) {
        tokens[count++] = this.#number(wordAt(source, start, length));
        continue;
      }
      let slot = slotOf(low, high, rest);
      let probes = PROBES;
      while (
        probes > 0 &&
        lengths[slot] !== 0 &&
        !(first[slot] === low && second[slot] === high && lengths[slot] === length && this.#holds(slot, source, start))
      ) {
        slot = (slot + 1) & (SLOTS - 1);
        probes--;
      }
      if (probes > 0 && lengths[slot] !== 0) tokens[count++] = numbers[slot] as number;
      else {
        const number = this.#number(wordAt(source, start, length));
        tokens[count++] = number;
        if (probes === 0) continue; // no slot is free
        for (let k = PACKED; k < length; k++)
          this.#letters[slot * LONGEST + k] = FOLDED[source[start + k] as number] as number;
        first[slot] = low;
        second[slot] = high;
        lengths[slot] = length;
        numbers[slot] = number;
      }
    }
    return tokens.subarray(0, count);
  }

  /** Whether the letters beyond the packed ones are those of the word in a slot. */
  #holds(slot: number, source: Uint8Array, start: number): boolean {
    const letters = this.#letters;
    const length = this.#lengths[slot] as number;
    for (let k = PACKED; k < length; k++)
      if (letters[slot * LONGEST + k] !== FOLDED[source[start + k] as number]) return false;
    return true;
  }

  #number(word: string): number {
    let number = this.#words.get(word);
    if (number === undefined) {
      const stem = this.#stem(word);
      number = this.#stems.get(stem) ?? this.#stems.size;
      this.#stems.set(stem, number);
      this.#words.set(word, number);
      this.#size += word.length;
    }
    return number;
  }

  #forget(): void {
    this.#words.clear();
    this.#stems.clear();
    this.#lengths.fill(0);
    this.#references.clear();
    this.#referenceTokens = 0;
    this.#seenIn.fill(0);
    this.#pairs = 0;
    this.#size = 0;
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** Scratch: the UTF-8 of the text that is read. */
let bytes = new Uint8Array(1 << 14);

/** A word of ASCII letters and digits, as a string of its own. */
const wordAt = (source: Uint8Array, start: number, length: number): string =>
  decoder.decode(source.subarray(start, start + length)).toLowerCase();

function slotOf(low: number, high: number, rest: number): number {
  const mixed = Math.imul(low ^ Math.imul(high, 0x01000193) ^ rest, 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 15)) & (SLOTS - 1);
}
