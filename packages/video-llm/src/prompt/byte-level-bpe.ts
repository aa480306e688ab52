import type { TokenizerJson } from "@videosafety/alarm-tokens";
import { OptionsError } from "../errors.js";

/** GPT-2's splitting rule: what `ByteLevel` pre-tokenizers with `use_regex` apply before merging. */
const WORDS = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** The printable character that stands for each byte in byte-level vocabularies (GPT-2's table). */
export function byteCharacters(): string[] {
  const printable = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
}

/** What `trainByteLevelBpe` takes. */
export interface BpeTrainingOptions {
  /** Texts to learn merges from. */
  readonly texts: readonly string[];
  /** Largest number of ordinary tokens, 256 bytes included. Fewer come out when no pair repeats. */
  readonly vocabularySize: number;
  /** Tokens matched whole, in order, after the ordinary ones. */
  readonly specialTokens?: readonly string[];
}

/**
 * Trains a byte-level BPE (every text can be encoded) and returns the object of a Hugging Face tokenizer.json: for
 * small models of one's own. Ties between pairs go to the lexicographically smaller, so the result is deterministic.
 *
 * @throws OptionsError when vocabularySize is under 256.
 */
export function trainByteLevelBpe(options: BpeTrainingOptions): TokenizerJson {
  const { texts, vocabularySize, specialTokens = [] } = options;
  if (!(Number.isInteger(vocabularySize) && vocabularySize >= 256)) {
    throw new OptionsError(`expected a vocabularySize of at least 256 (one token a byte), found ${vocabularySize}`);
  }
  const characters = byteCharacters();
  const vocabulary = new Map(characters.map((character, id) => [character, id]));
  const words = countWords(texts, characters);
  const merges: [string, string][] = [];
  while (vocabulary.size < vocabularySize) {
    const pair = mostFrequentPair(words);
    if (pair === undefined) break;
    const [left, right] = pair;
    merges.push([left, right]);
    vocabulary.set(left + right, vocabulary.size);
    for (const word of words) mergeInto(word.pieces, left, right);
  }
  const added = specialTokens.map((content, i) => ({
    id: vocabulary.size + i,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(vocabulary),
      merges,
    },
  };
}

interface Word {
  pieces: string[];
  count: number;
}

function countWords(texts: readonly string[], characters: readonly string[]): Word[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const [word] of text.matchAll(WORDS)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const encoder = new TextEncoder();
  return Array.from(counts, ([word, count]) => ({
    pieces: Array.from(encoder.encode(word), (byte) => characters[byte] as string),
    count,
  }));
}

function mostFrequentPair(words: readonly Word[]): [string, string] | undefined {
  const counts = new Map<string, number>();
  for (const { pieces, count } of words) {
    for (let i = 1; i < pieces.length; i++) {
      const key = `${pieces[i - 1]} ${pieces[i]}`; // no piece holds a space: the byte table maps it elsewhere
      counts.set(key, (counts.get(key) ?? 0) + count);
    }
  }
  let best: string | undefined;
  let most = 1;
  for (const [key, count] of counts) {
    if (count > most || (count === most && best !== undefined && key < best)) {
      best = key;
      most = count;
    }
  }
  return best?.split(" ") as [string, string] | undefined;
}

function mergeInto(pieces: string[], left: string, right: string): void {
  for (let i = 1; i < pieces.length; i++) {
    if (pieces[i - 1] === left && pieces[i] === right) pieces.splice(i - 1, 2, left + right);
  }
}
