import { porterStem } from "./porter-stemmer.js";

/** How a text becomes tokens; see `tokenize`. */
export interface TokenizeOptions {
  /**
   * "rouge" (default): Google's, runs of a-z and 0-9 after lower-casing; every other letter is lost, so a Chinese or
   * Arabic text has no tokens. "unicode": runs of letters, marks and digits of any script; Han, Hiragana, Katakana,
   * Thai, Lao, Khmer and Myanmar give one token a character, since they are written without spaces.
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

/** Whether `tokenize` would find any token; stops at the first. */
export function hasTokens(text: string, options: TokenizeOptions = {}): boolean {
  return options.tokenizer === "unicode"
    ? /[\p{L}\p{M}\p{N}]/u.test(text.normalize("NFKC"))
    : /[a-z0-9]/.test(text.toLowerCase());
}

const UNSPACED = "\\p{sc=Han}\\p{sc=Hira}\\p{sc=Kana}\\p{sc=Thai}\\p{sc=Laoo}\\p{sc=Khmr}\\p{sc=Mymr}";
const UNICODE_TOKEN = new RegExp(`[${UNSPACED}]\\p{M}*|(?:(?![${UNSPACED}])[\\p{L}\\p{M}\\p{N}])+`, "gu");

function unicodeTokens(text: string): string[] {
  return text.normalize("NFKC").toLowerCase().match(UNICODE_TOKEN) ?? [];
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
