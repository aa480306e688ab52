import type { TokenizerJson } from "@videosafety/alarm-tokens";
import { z } from "zod";
import { TokenizerError } from "../errors.js";

/** The parsed files of a tokenizer, as in a Hugging Face directory. */
export interface TokenizerFiles {
  /** tokenizer.json. */
  readonly tokenizer: TokenizerJson;
  /** tokenizer_config.json; empty when there is none. */
  readonly tokenizerConfig?: Readonly<Record<string, unknown>>;
}

const addedToken = z.looseObject({
  id: z.int().nonnegative(),
  content: z.string().min(1),
  single_word: z.boolean().default(false),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
  normalized: z.boolean().optional(),
  special: z.boolean().default(false),
});
/** A part of the text pipeline; parts nest. */
interface Stage {
  readonly type?: string;
  readonly [key: string]: unknown;
}
/** Published normalizers at most add a prefix; more than this and a short text could fill the memory. */
const MAX_GROWTH = 64;

/**
 * Checks the files of a tokenizer before anything is built from them: tokens that are none, ids far beyond the number of
 * tokens, and text pipelines that make texts many times longer. Tokens that only tokenizer_config.json lists
 * (`added_tokens_decoder`) are added, as transformers does.
 *
 * @throws TokenizerError naming the entry.
 */
export function checkTokenizerFiles(files: TokenizerFiles): Required<TokenizerFiles> {
  const { tokenizer, tokenizerConfig = {} } = files;
  const vocabulary: unknown = (tokenizer as Partial<TokenizerJson> | null)?.model?.vocab;
  if (typeof vocabulary !== "object" || vocabulary === null)
    fail("expected model.vocab, found none; download tokenizer.json again");
  const added = parseAdded(tokenizer.added_tokens ?? [], "added_tokens");
  for (const token of configuredTokens(tokenizerConfig)) {
    if (added.some(({ content }) => content === token.content)) continue;
    const owner = added.find(({ id }) => id === token.id);
    if (owner !== undefined)
      fail(`id ${token.id} is ${owner.content} here and ${token.content} in tokenizer_config.json; keep one of them`);
    added.push(token);
  }
  checkIds(vocabulary as object, added);
  const growth = Math.max(
    growthOf(tokenizer.normalizer) * growthOf(tokenizer.pre_tokenizer),
    growthOf(tokenizer.decoder),
  );
  if (growth > MAX_GROWTH) fail(`its pipeline may make a text ${growth} times as long; at most ${MAX_GROWTH} is read`);
  for (const stage of stagesOf(tokenizer.pre_tokenizer)) {
    if (stage.type === "Metaspace")
      fail("pre_tokenizer Metaspace is not supported; the families read here have byte-level tokenizers");
  }
  for (const key of ["remove_space", "do_lowercase_and_remove_accent"]) {
    if (tokenizerConfig[key] === true) fail(`${key} of tokenizer_config.json is not supported`);
  }
  return {
    tokenizer: { ...tokenizer, added_tokens: added as TokenizerJson["added_tokens"] & object },
    tokenizerConfig,
  };
}

/** The text of a token that tokenizer_config.json names, as a string or as an AddedToken object. */
export function namedToken(config: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = config[key];
  const content = typeof value === "object" && value !== null ? (value as { content?: unknown }).content : value;
  return typeof content === "string" ? content : undefined;
}

/** GPT-2's words, as Rust's `ByteLevel` splits. */
const WORDS = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/**
 * The same tokenizer for @huggingface/tokenizers, some of whose classes of characters are JavaScript's: `Digits` there splits at
 * ASCII digits only, Rust's at every numeric character (Unicode categories Nd, Nl and No); `ByteLevel` takes U+0085 for no white
 * space and U+FEFF for some. Expressions in `Split` it translates, so both are written as such.
 */
export function asInRust(tokenizer: TokenizerJson): TokenizerJson {
  const split = (Regex: string) => ({ type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false });
  const rewrite = (stage: unknown): unknown => {
    if (typeof stage !== "object" || stage === null) return stage;
    const {
      type,
      individual_digits: single,
      pretokenizers,
      use_regex: words = true,
      add_prefix_space: prefix,
    } = stage as Stage;
    if (type === "Digits") return split(single ? "\\p{N}" : "\\p{N}+");
    if (type === "ByteLevel" && words === true && prefix !== true)
      return { type: "Sequence", pretokenizers: [split(WORDS), { ...stage, use_regex: false }] };
    return Array.isArray(pretokenizers) ? { ...stage, pretokenizers: pretokenizers.map(rewrite) } : stage;
  };
  return { ...tokenizer, pre_tokenizer: rewrite(tokenizer.pre_tokenizer) };
}

function parseAdded(tokens: unknown, name: string): z.output<typeof addedToken>[] {
  const parsed = z.array(addedToken).safeParse(tokens);
  if (!parsed.success) return fail(`${name} ${z.prettifyError(parsed.error)}`);
  const ids = new Map<number, string>();
  const contents = new Map<string, number>();
  for (const { id, content } of parsed.data) {
    const [other, otherId] = [ids.get(id), contents.get(content)];
    if (other !== undefined && other !== content) fail(`${name}: id ${id} belongs to both ${other} and ${content}`);
    if (otherId !== undefined && otherId !== id) fail(`${name}: ${content} has both id ${otherId} and ${id}`);
    ids.set(id, content);
    contents.set(content, id);
  }
  return parsed.data;
}

function configuredTokens(config: Readonly<Record<string, unknown>>): z.output<typeof addedToken>[] {
  const decoder = config.added_tokens_decoder;
  if (decoder === undefined || decoder === null) return [];
  if (typeof decoder !== "object") return fail("added_tokens_decoder of tokenizer_config.json is no object");
  const entries = Object.entries(decoder).map(([id, token]) => ({ ...(token as object), id: Number(id) }));
  return parseAdded(entries, "added_tokens_decoder of tokenizer_config.json:");
}

/** Every id costs a row of the embedding table: gaps are allowed, wild ids are not. */
function checkIds(vocabulary: object, added: readonly { readonly id: number; readonly content: string }[]): void {
  const list = Array.isArray(vocabulary);
  const size = (list ? vocabulary.length : Object.keys(vocabulary).length) + added.length;
  const most = 2 * size + 1024;
  const entries: Iterable<readonly [string, unknown]> = list ? [] : Object.entries(vocabulary);
  for (const [token, id] of [...entries, ...added.map(({ content, id }) => [content, id] as const)]) {
    if (Number.isInteger(id) && (id as number) >= 0 && (id as number) <= most) continue;
    fail(`expected ids up to ${most} for ${size} tokens, found ${String(id)} for ${token}`);
  }
}

function stagesOf(stage: unknown): Stage[] {
  if (typeof stage !== "object" || stage === null) return [];
  const { normalizers, pretokenizers, decoders } = stage as Stage;
  const nested = normalizers ?? pretokenizers ?? decoders;
  return Array.isArray(nested) ? nested.flatMap(stagesOf) : [stage as Stage];
}

/** How many times longer a text may get, of `Replace` steps. */
function growthOf(stage: unknown): number {
  return stagesOf(stage).reduce((product, { type, content, pattern }) => {
    if (type !== "Replace" || typeof content !== "string") return product;
    const literal = (pattern as { String?: unknown } | undefined)?.String;
    // An expression may match nothing, between any two characters.
    const factor = typeof literal === "string" ? content.length / Math.max(1, literal.length) : content.length + 1;
    return product * (typeof literal === "string" || content.length > 1 ? Math.max(1, factor) : 1);
  }, 1);
}

function fail(problem: string): never {
  throw new TokenizerError(`tokenizer.json: ${problem}`);
}
