import { AlarmTokenizerError } from "../errors.js";
import { ALARM_TOKENS, type AlarmTokenIds, TEXTUAL_ALARM_TOKEN, VISUAL_ALARM_TOKEN } from "./alarm-tokens.js";

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
 * Adds both alarm tokens to a tokenizer.json object as special tokens with the next free ids. Tokens that are there already,
 * among the added ones or in the vocabulary, keep their ids and become special, so that text cannot spell them unnoticed;
 * registering twice changes nothing. Ids may have gaps and `added_tokens` any order; both stay as they are.
 * (Rust's `tokenizers`, and with it Python, numbers added tokens on without gaps whatever the file says: such a file means
 * other ids there, with or without alarm tokens; look them up with `lookupAlarmTokenIds` where they are used.)
 *
 * @returns a new object (the given one is untouched), the ids, and the number of rows an embedding table needs at least.
 * @throws AlarmTokenizerError `invalid-tokenizer` when the object has no vocabulary, an id is not a whole number, or an alarm
 *   token has two ids or shares one with another token.
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
  if (Array.isArray(vocabulary) && !vocabulary.every((entry) => Array.isArray(entry) && typeof entry[0] === "string"))
    throw new AlarmTokenizerError(
      "invalid-tokenizer",
      "expected entries [piece, score] in the list model.vocab, found others; download tokenizer.json again",
    );
  const idsOf: ReadonlyMap<string, number> = new Map(
    Array.isArray(vocabulary)
      ? vocabulary.map(([piece], id) => [piece as string, id] as const)
      : Object.entries(vocabulary as Record<string, number>),
  );
  const added = [...(tokenizer.added_tokens ?? [])];
  let next = 1 + Math.max(largest(idsOf), largest(new Map(added.map(({ content, id }) => [content, id]))));
  const ids = ALARM_TOKENS.map((content) => {
    const at = added.findIndex((token) => token.content === content);
    const id = added[at]?.id ?? idsOf.get(content) ?? next++;
    checkOwnId(content, id, added, idsOf);
    const token = { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
    if (at < 0) added.push(token);
    else added[at] = token;
    return id;
  }) as [number, number];
  return {
    tokenizer: { ...tokenizer, added_tokens: added },
    ids: { visual: ids[0], textual: ids[1] },
    vocabularySize: next,
  };
}

function checkOwnId(
  content: string,
  id: number,
  added: readonly AddedToken[],
  vocabulary: ReadonlyMap<string, number>,
): void {
  const others = [...added.map((token) => [token.content, token.id] as const), ...vocabulary];
  const clash = others.find(([other, otherId]) => (other === content) !== (otherId === id));
  if (clash === undefined) return;
  throw new AlarmTokenizerError(
    "invalid-tokenizer",
    `expected ${content} to have one id of its own, found ${clash[0]} with id ${clash[1]} beside ${content} with id ${id}; remove one of them from tokenizer.json`,
  );
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

/** The largest id, -1 for none. @throws AlarmTokenizerError */
function largest(ids: ReadonlyMap<string, number>): number {
  let most = -1;
  for (const [token, id] of ids) {
    if (!(Number.isInteger(id) && id >= 0)) {
      throw new AlarmTokenizerError(
        "invalid-tokenizer",
        `expected whole numbers as ids, found ${String(id)} for ${token}; export tokenizer.json again`,
      );
    }
    most = Math.max(most, id);
  }
  return most;
}
