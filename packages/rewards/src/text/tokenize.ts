import { codePointTable } from "./code-point-table.js";
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

/** What a code point does in `unicodeTokens`, as bits. */
const UNSPACED = 1;
const MARK = 2;
const WORD = 4;
const kindOf = codePointTable(
  (character) =>
    (/[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}]/u.test(character) ? UNSPACED : 0) |
    (/\p{M}/u.test(character) ? MARK : 0) |
    (/[\p{L}\p{M}\p{N}]/u.test(character) ? WORD : 0),
);

/** A character of an unspaced script with the marks after it, or a run of letters, marks and digits of the others. */
function unicodeTokens(original: string): string[] {
  const text = original.normalize("NFKC").toLowerCase();
  const tokens: string[] = [];
  let start = -1; // of the token that is open
  let continues = 0; // kinds that go on with it
  for (let i = 0; i < text.length; ) {
    const code = text.codePointAt(i) as number;
    const kind = kindOf(code);
    const unspaced = (kind & UNSPACED) !== 0;
    if (start < 0 || (kind & continues) === 0 || (unspaced && continues === WORD)) {
      if (start >= 0) tokens.push(text.slice(start, i));
      start = kind & (UNSPACED | WORD) ? i : -1;
      continues = unspaced ? MARK : WORD;
    }
    i += code > 0xffff ? 2 : 1;
  }
  if (start >= 0) tokens.push(text.slice(start));
  return tokens;
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
