import type { TokenPair } from "../ngrams.js";
import { porterStem } from "../porter-stemmer.js";

/** Code unit of a token's letter to its lower case; 0 for everything between tokens. */
const FOLDED = new Uint8Array(128);
for (let code = 0; code < 128; code++) {
  const letter = String.fromCharCode(code).toLowerCase();
  if (/[a-z0-9]/.test(letter)) FOLDED[code] = letter.charCodeAt(0);
}
/** The only characters beyond ASCII whose lower case holds a letter a-z: U+0130 (i and a dot) and the Kelvin sign (k). */
const FOLDS_TO_ASCII = /[\u0130\u212a]/;

const SLOTS = 1 << 14;
const PROBES = 8;
const LONGEST = 32;
const MAX_LETTERS = 1 << 18;
const MAX_PAIRS = 2 ** 31 - 1;

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
  readonly #letters = new Uint8Array(SLOTS * LONGEST);
  /** Length of the word in a slot; 0 = free. */
  readonly #lengths = new Uint8Array(SLOTS);
  readonly #hashes = new Int32Array(SLOTS);
  readonly #numbers = new Int32Array(SLOTS);
  readonly #word = new Uint8Array(LONGEST);
  /** Tokens of the reference and of the hypothesis; they grow. */
  readonly #tokens: [Int32Array, Int32Array] = [new Int32Array(1024), new Int32Array(1024)];
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
    const tokens = [this.#read(0, reference), this.#read(1, hypothesis)] as const;
    if (this.#local.length < this.#stems.size) {
      this.#local = new Int32Array(2 * this.#stems.size);
      this.#seenIn = new Int32Array(2 * this.#stems.size);
    }
    const [local, seenIn, pair] = [this.#local, this.#seenIn, ++this.#pairs];
    let vocabularySize = 0;
    for (const side of tokens)
      for (let i = 0; i < side.length; i++) {
        const stem = side[i] as number;
        if (seenIn[stem] !== pair) {
          seenIn[stem] = pair;
          local[stem] = vocabularySize++;
        }
        side[i] = local[stem] as number;
      }
    return { reference: tokens[0], hypothesis: tokens[1], vocabularySize };
  }

  /** The words of a text as numbers of their stems. */
  #read(side: 0 | 1, original: string): Int32Array {
    const text = FOLDS_TO_ASCII.test(original) ? original.toLowerCase() : original;
    const [word, hashes, lengths, numbers] = [this.#word, this.#hashes, this.#lengths, this.#numbers];
    let tokens: Int32Array = this.#tokens[side];
    let count = 0;
    let length = 0;
    let hash = 0;
    for (let i = 0; i <= text.length; i++) {
      const code = i < text.length ? text.charCodeAt(i) : 0;
      const letter = code < 128 ? (FOLDED[code] as number) : 0;
      if (letter !== 0) {
        if (length < LONGEST) word[length] = letter;
        length++;
        hash = Math.imul(hash ^ letter, 0x01000193);
        continue;
      }
      if (length === 0) continue;
      if (count === tokens.length) {
        tokens = new Int32Array(2 * count);
        tokens.set(this.#tokens[side]);
        this.#tokens[side] = tokens;
      }
      if (length > LONGEST) tokens[count++] = this.#number(copied(text.slice(i - length, i).toLowerCase()));
      else {
        let slot = slotOf(hash);
        let probes = PROBES;
        while (probes > 0 && lengths[slot] !== 0 && !(hashes[slot] === hash && this.#holds(slot, length))) {
          slot = (slot + 1) & (SLOTS - 1);
          probes--;
        }
        const known = probes > 0 && lengths[slot] !== 0;
        tokens[count++] = known ? (numbers[slot] as number) : this.#add(probes > 0 ? slot : -1, hash, length);
      }
      length = 0;
      hash = 0;
    }
    return tokens.subarray(0, count);
  }

  /** Number of the word in `#word`, put into a free slot (-1: there is none). */
  #add(slot: number, hash: number, length: number): number {
    const letters = this.#word.subarray(0, length);
    const number = this.#number(String.fromCharCode.apply(null, letters as unknown as number[]));
    if (slot >= 0) {
      this.#letters.set(letters, slot * LONGEST);
      this.#lengths[slot] = length;
      this.#hashes[slot] = hash;
      this.#numbers[slot] = number;
    }
    return number;
  }

  #holds(slot: number, length: number): boolean {
    if (this.#lengths[slot] !== length) return false;
    const [letters, word] = [this.#letters, this.#word];
    const start = slot * LONGEST;
    for (let i = 0; i < length; i++) if (letters[start + i] !== word[i]) return false;
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
    this.#seenIn.fill(0);
    this.#pairs = 0;
    this.#size = 0;
  }
}

/** A string of its own: a slice that is remembered would keep the whole text it was cut from in memory. */
function copied(ascii: string): string {
  return decoder.decode(encoder.encode(ascii));
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function slotOf(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 13)) & (SLOTS - 1);
}
