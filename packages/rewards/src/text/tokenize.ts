import type { TokenPair } from "./ngrams.js";
import { porterStem } from "./porter-stemmer.js";
import { unicodeTokenPair, unicodeWords } from "./unicode-words.js";

/** How a text becomes tokens; see `tokenize`. */
export interface TokenizeOptions {
  /**
   * "rouge" (default): Google's, runs of a-z and 0-9 after lower-casing; every other letter is lost, so a Chinese or
   * Arabic text has no tokens. "unicode": runs of letters, marks and digits of any script; Han, Hiragana, Katakana,
   * Thai, Lao, Khmer and Myanmar give one token per character, since they are written without spaces.
   */
  readonly tokenizer?: "rouge" | "unicode";
  /** Porter's stemmer with NLTK's extensions on ASCII tokens of more than three characters. Default true. */
  readonly useStemmer?: boolean;
}

/** The tokens of a text, in order. With the defaults: exactly rouge_score's tokenize with its stemmer. Linear time. */
export function tokenize(text: string, options: TokenizeOptions = {}): string[] {
  const tokens = options.tokenizer === "unicode" ? unicodeTokens(text) : (text.toLowerCase().match(/[a-z0-9]+/g) ?? []);
  if (options.useStemmer === false) return tokens;
  return tokens.map(stem);
}

/** The words of two texts in any script as numbers: what `tokenize` gives with the unicode tokenizer, without a string for each. */
export function wordPair(reference: string, hypothesis: string, useStemmer = false): TokenPair {
  return unicodeTokenPair(reference, hypothesis, useStemmer ? stem : null);
}

/** Whether `tokenize` would find any token; stops at the first. */
export function hasTokens(text: string, options: TokenizeOptions = {}): boolean {
  return options.tokenizer === "unicode"
    ? /[\p{L}\p{M}\p{N}]/u.test(text.normalize("NFKC"))
    : /[a-zA-Z0-9\u0130\u212a]/.test(text); // the last two fold to letters of ASCII
}

function unicodeTokens(original: string): string[] {
  const { text, bounds } = unicodeWords(original);
  return Array.from({ length: bounds.length >> 1 }, (_, w) => text.slice(bounds[2 * w], bounds[2 * w + 1]));
}

const stems = new Map<string, string>();
const MAX_STEMS = 1 << 15;
const MAX_REMEMBERED_LENGTH = 32;

/** Stems are remembered, in a bounded table, because texts repeat their words. */
function stem(token: string): string {
  if (token.length <= 3) return token;
  const known = stems.get(token);
  if (known !== undefined) return known;
  if (!/^[a-z0-9]+$/.test(token)) return token;
  const result = porterStem(token);
  if (token.length <= MAX_REMEMBERED_LENGTH) {
    if (stems.size >= MAX_STEMS) stems.clear();
    stems.set(token, result);
  }
  return result;
}
