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

/** What `learnMerges` takes. */
export interface MergeOptions {
  /** Largest number of tokens, 256 bytes included. Fewer come out when no pair is left to merge. */
  readonly vocabularySize: number;
  /** Splits a text into the words within which pairs are merged; global and Unicode. Default: GPT-2's rule. */
  readonly words?: RegExp;
  /** Longest token in bytes, so that a language without spaces does not get whole phrases as tokens. Default: no bound. */
  readonly maxTokenBytes?: number;
  /** A pair is merged only when its weight is above this. Default 1: once is no reason. */
  readonly leastWeight?: number;
}

/** A trained byte-level BPE: tokens as strings of GPT-2's byte alphabet, ids by position. */
export interface LearnedMerges {
  /** Tokens; the first 256 are the bytes. */
  readonly vocabulary: readonly string[];
  /** Merges in order of rank. */
  readonly merges: readonly (readonly [string, string])[];
}

/**
 * Learns a byte-level BPE from weighted texts: the heaviest pair is merged until the vocabulary is full. Ties go to the pair that
 * sorts first, so the result depends on nothing but the texts.
 * @param texts text to weight
 * @throws OptionsError when vocabularySize is under 256
 */
export function learnMerges(texts: Iterable<readonly [string, number]>, options: MergeOptions): LearnedMerges {
  const { vocabularySize, words: split = WORDS, maxTokenBytes = Infinity, leastWeight = 1 } = options;
  if (!(Number.isInteger(vocabularySize) && vocabularySize >= 256))
    throw new OptionsError(`expected a vocabularySize of at least 256 (one token per byte), found ${vocabularySize}`);
  const characters = byteCharacters();
  const vocabulary = new Set(characters);
  const words = countWords(texts, split, characters);
  const merges: [string, string][] = [];
  while (vocabulary.size < vocabularySize) {
    const pair = heaviestPair(words, maxTokenBytes, leastWeight);
    if (pair === undefined) break;
    const [left, right] = pair;
    merges.push([left, right]);
    vocabulary.add(left + right);
    for (const word of words) mergeInto(word.pieces, left, right);
  }
  return { vocabulary: [...vocabulary], merges };
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
 * small models of one's own. See `learnMerges`.
 *
 * @throws OptionsError when vocabularySize is under 256.
 */
export function trainByteLevelBpe(options: BpeTrainingOptions): TokenizerJson {
  const { texts, vocabularySize, specialTokens = [] } = options;
  const { vocabulary, merges } = learnMerges(
    texts.map((text) => [text, 1] as const),
    { vocabularySize },
  );
  const added = specialTokens.map((content, i) => ({
    id: vocabulary.length + i,
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
      vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
      merges: merges.map((pair) => [...pair]),
    },
  };
}

interface Word {
  readonly pieces: string[];
  weight: number;
}

function countWords(
  texts: Iterable<readonly [string, number]>,
  split: RegExp,
  characters: readonly string[],
): readonly Word[] {
  const encoder = new TextEncoder();
  const words = new Map<string, Word>();
  for (const [text, weight] of texts)
    for (const [piece] of text.matchAll(split)) {
      const word = words.get(piece);
      if (word) word.weight += weight;
      else
        words.set(piece, {
          pieces: Array.from(encoder.encode(piece), (byte) => characters[byte] as string),
          weight,
        });
    }
  return [...words.values()];
}

function heaviestPair(
  words: readonly Word[],
  maxTokenBytes: number,
  leastWeight: number,
): [string, string] | undefined {
  const weights = new Map<string, number>();
  for (const { pieces, weight } of words)
    for (let i = 1; i < pieces.length; i++) {
      const [left, right] = [pieces[i - 1] as string, pieces[i] as string];
      if (left.length + right.length > maxTokenBytes) continue;
      const key = `${left} ${right}`; // no piece holds a space: the byte table maps it elsewhere
      weights.set(key, (weights.get(key) ?? 0) + weight);
    }
  let best: string | undefined;
  let most = leastWeight;
  for (const [key, weight] of weights) {
    if (weight > most || (weight === most && best !== undefined && key < best)) {
      best = key;
      most = weight;
    }
  }
  return best?.split(" ") as [string, string] | undefined;
}

function mergeInto(pieces: string[], left: string, right: string): void {
  let to = 0;
  for (let from = 0; from < pieces.length; from++) {
    if (pieces[from] === left && pieces[from + 1] === right) {
      pieces[to++] = left + right;
      from++;
    } else pieces[to++] = pieces[from] as string;
  }
  pieces.length = to;
}
