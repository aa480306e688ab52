import { ALARM_TOKENS, type AlarmTokenIds, TEXTUAL_ALARM_TOKEN, VISUAL_ALARM_TOKEN } from "./alarm-tokens.js";
import { AlarmTokenizerError } from "./errors.js";

/** An entry of `added_tokens` in a Hugging Face tokenizer.json. */
export interface AddedToken {
  /** Token id. */
  id: number;
  /** The text that becomes this one token. */
  content: string;
  /** Match only whole words. */
  single_word: boolean;
  /** Swallow white space before it. */
  lstrip: boolean;
  /** Swallow white space after it. */
  rstrip: boolean;
  /** Match in normalised text. */
  normalized: boolean;
  /** Hidden by `skip_special_tokens`. */
  special: boolean;
}

/** The parts of tokenizer.json that registration reads; everything else is carried over untouched. */
export interface TokenizerJson {
  /** Tokens matched before the model runs. */
  added_tokens?: AddedToken[];
  /** BPE and WordPiece hold `{ token: id }`, Unigram `[token, score][]`. */
  model: { vocab: Record<string, number> | readonly (readonly [string, number])[]; [key: string]: unknown };
  [key: string]: unknown;
}

/**
 * Adds both alarm tokens to a tokenizer.json object as special tokens with the next free ids. Tokens that are there
 * already keep their ids, so registering twice changes nothing.
 *
 * @returns a new object (the given one is untouched), the ids, and the number of rows an embedding table needs at least.
 * @throws AlarmTokenizerError `invalid-tokenizer` when the object has no vocabulary.
 */
export function registerAlarmTokens<T extends TokenizerJson>(
  tokenizer: T,
): { tokenizer: T; ids: AlarmTokenIds; vocabularySize: number } {
  const vocabulary: unknown = (tokenizer as Partial<TokenizerJson> | null)?.model?.vocab;
  if (typeof vocabulary !== "object" || vocabulary === null) {
    throw new AlarmTokenizerError(
      "invalid-tokenizer",
      "expected the parsed object of a Hugging Face tokenizer.json with model.vocab, found none; pass JSON.parse of the file",
    );
  }
  const added = [...(tokenizer.added_tokens ?? [])];
  let next = Array.isArray(vocabulary) ? vocabulary.length : 1 + largest(Object.values(vocabulary as object));
  next = Math.max(next, 1 + largest(added.map((token) => token.id)));
  for (const content of ALARM_TOKENS) {
    if (added.some((token) => token.content === content)) continue;
    added.push({
      id: next,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    });
    next += 1;
  }
  const idOf = (content: string): number => added.find((token) => token.content === content)?.id as number;
  return {
    tokenizer: { ...tokenizer, added_tokens: added },
    ids: { visual: idOf(VISUAL_ALARM_TOKEN), textual: idOf(TEXTUAL_ALARM_TOKEN) },
    vocabularySize: next,
  };
}

/** Anything that turns text into ids: @huggingface/tokenizers, transformers.js, tiktoken-like, your own. */
export interface TextEncoder {
  /** Ids of `text`, bare or as `{ ids }`; `add_special_tokens: false` is passed to those who know it. */
  encode(
    text: string,
    options?: { add_special_tokens?: boolean },
  ): ArrayLike<number> | { readonly ids: ArrayLike<number> };
}

/**
 * Looks up the ids of the alarm tokens in any tokenizer and checks that each is one token of its own.
 *
 * @throws AlarmTokenizerError `token-not-atomic` when a token is split, or both have one id (an unknown token).
 */
export function lookupAlarmTokenIds(tokenizer: TextEncoder): AlarmTokenIds {
  const visual = onlyId(tokenizer, VISUAL_ALARM_TOKEN);
  const textual = onlyId(tokenizer, TEXTUAL_ALARM_TOKEN);
  if (visual === textual) {
    throw new AlarmTokenizerError(
      "token-not-atomic",
      `expected two different ids, found ${visual} for both alarm tokens (the unknown token?); add them with registerAlarmTokens`,
    );
  }
  return { visual, textual };
}

function onlyId(tokenizer: TextEncoder, token: string): number {
  const encoded = tokenizer.encode(token, { add_special_tokens: false });
  const ids = "ids" in encoded ? encoded.ids : encoded;
  if (ids.length !== 1) {
    throw new AlarmTokenizerError(
      "token-not-atomic",
      `expected ${token} to be one token, found ${ids.length} ids [${Array.from(ids)}]; add it with registerAlarmTokens`,
    );
  }
  return ids[0] as number;
}

const largest = (ids: readonly number[]): number => ids.reduce((most, id) => Math.max(most, id), -1);
