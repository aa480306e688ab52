import { byteCharacters } from "@videosafety/video-llm";

/** The pre-tokenizer's pattern of Qwen2's tokenizer (Hugging Face `Qwen/Qwen2-0.5B`, tokenizer.json). */
export const QWEN2_PATTERN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** What {@link trainBpe} takes. */
export interface BpeOptions {
  /** Size of the vocabulary, the 256 bytes included. */
  readonly vocabularySize: number;
  /** Longest token in bytes, so that a language without spaces does not get whole phrases as tokens. */
  readonly maxTokenBytes: number;
}

/** A trained byte-level BPE: tokens as strings of GPT-2's byte alphabet, ids by position. */
export interface Bpe {
  /** Tokens; the first 256 are the bytes. */
  readonly vocabulary: readonly string[];
  /** Merges in order of rank. */
  readonly merges: readonly (readonly [string, string])[];
}

/**
 * Trains a byte-level BPE on weighted texts: the most frequent pair is merged until the vocabulary is full. Ties go to
 * the pair that sorts first, so the result depends on nothing but the texts. Beside video-llm's `trainByteLevelBpe` it
 * splits words as Qwen2 does, weighs texts (ten languages get equal shares) and limits the length of a token.
 */
export function trainBpe(texts: ReadonlyMap<string, number>, options: BpeOptions): Bpe {
  const alphabet = byteCharacters();
  const words = countWords(texts, alphabet);
  const vocabulary = [...alphabet];
  const merges: [string, string][] = [];
  while (vocabulary.length < options.vocabularySize) {
    const best = mostFrequentPair(words, options.maxTokenBytes);
    if (!best) break;
    const [left, right] = best;
    merges.push([left, right]);
    if (!vocabulary.includes(left + right)) vocabulary.push(left + right);
    for (const word of words) mergeInto(word.symbols, left, right);
  }
  return { vocabulary, merges };
}

interface Word {
  symbols: string[];
  count: number;
}

function countWords(texts: ReadonlyMap<string, number>, alphabet: readonly string[]): Word[] {
  const pattern = new RegExp(
    QWEN2_PATTERN.replace("(?i:'s|'t|'re|'ve|'m|'ll|'d)", "'(?:[sStTmMdD]|[rR][eE]|[vV][eE]|[lL][lL])"),
    "gu",
  );
  const encoder = new TextEncoder();
  const words = new Map<string, Word>();
  for (const [text, weight] of texts) {
    for (const [piece] of text.normalize("NFC").matchAll(pattern)) {
      const word = words.get(piece);
      if (word) word.count += weight;
      else
        words.set(piece, {
          symbols: Array.from(encoder.encode(piece), (byte) => alphabet[byte] as string),
          count: weight,
        });
    }
  }
  return [...words.values()];
}

function mostFrequentPair(words: readonly Word[], maxTokenBytes: number): [string, string] | null {
  const counts = new Map<string, number>();
  for (const { symbols, count } of words) {
    for (let i = 1; i < symbols.length; i++) {
      const [left, right] = [symbols[i - 1] as string, symbols[i] as string];
      if (left.length + right.length > maxTokenBytes) continue;
      const key = `${left} ${right}`; // no token holds a space: the alphabet writes it as Ġ
      counts.set(key, (counts.get(key) ?? 0) + count);
    }
  }
  let best: string | null = null;
  let bestCount = 0;
  for (const [key, count] of counts) {
    if (count > bestCount || (count === bestCount && best !== null && key < best)) [best, bestCount] = [key, count];
  }
  return best === null ? null : (best.split(" ") as [string, string]);
}

function mergeInto(symbols: string[], left: string, right: string): void {
  let to = 0;
  for (let from = 0; from < symbols.length; from++) {
    if (symbols[from] === left && symbols[from + 1] === right) {
      symbols[to++] = left + right;
      from++;
    } else symbols[to++] = symbols[from] as string;
  }
  symbols.length = to;
}
