import { Tokenizer } from "@huggingface/tokenizers";
import { type AlarmTokenIds, lookupAlarmTokenIds, registerAlarmTokens } from "@videosafety/alarm-tokens";
import { PromptError, TokenizerError } from "../errors.js";
import { CHAT_TOKENS, PROMPT_CONVENTIONS, type PromptConventions } from "./conventions.js";
import { withDeadline } from "./deadline-node.js";
import { KeptResults } from "./kept-results.js";
import { asInRust, checkTokenizerFiles, namedToken, type TokenizerFiles } from "./tokenizer-files.js";

/** The tokens a fresh tokenizer needs beside its ordinary ones. */
export const REQUIRED_TOKENS = [
  "<|endoftext|>",
  CHAT_TOKENS.turnStart,
  CHAT_TOKENS.turnEnd,
  CHAT_TOKENS.image,
] as const;

/** Who wrote a text: the template may use every token, a completion those that are not special, a user none. */
export type Author = "template" | "assistant" | "user";

/** A text cut at the tokens that its author may use. */
export interface CutText {
  /** Ordinary text, to be encoded; or the text of the token. */
  readonly text: string;
  /** The token that stands there; undefined for ordinary text. */
  readonly token?: ControlToken;
}

/** A token that is matched whole. */
export interface ControlToken {
  /** Its id. */
  readonly id: number;
  /** It swallows white space before it. */
  readonly lstrip: boolean;
  /** It swallows white space after it. */
  readonly rstrip: boolean;
}

/** The pipeline of @huggingface/tokenizers, whose parts can be called. */
interface Pipeline {
  readonly normalizer: ((text: string) => string) | null;
  readonly pre_tokenizer: ((text: string, options: { section_index: number }) => string[]) | null;
  readonly model: ((words: string[]) => string[]) & {
    readonly tokens_to_ids: ReadonlyMap<string, number>;
    readonly unk_token_id?: number;
  };
}

/**
 * Text to ids and back. The two alarm tokens are added on construction when the files lack them; ids of special tokens
 * are looked up, never assumed. Patterns of the files run for five seconds at most.
 */
export class TextTokenizer {
  /** How the model's family writes conversations. */
  readonly conventions: PromptConventions;
  /** The parsed files, with the alarm tokens. */
  readonly files: Required<TokenizerFiles>;
  /** One more than the largest id. */
  readonly vocabularySize: number;
  /** Ids of `<|visual_alarm|>` and `<|textual_alarm|>`. */
  readonly alarmIds: AlarmTokenIds;
  /** Id of the placeholder that stands for a visual token. */
  readonly imageId: number;
  /** Id of Hugging Face's video placeholder, or `imageId` where there is only one. */
  readonly videoId: number;
  /** Id that closes a turn. */
  readonly turnEndId: number;
  /** Ids that open a user turn. */
  readonly userTurnStart: readonly number[];
  /** Ids that end a completion: end of turn, and the tokenizer's own end token. */
  readonly endIds: readonly number[];
  readonly #encoded = new KeptResults<readonly number[]>(1024, 64);
  readonly #tokenizer: Tokenizer;
  readonly #special: readonly string[];
  readonly #control: ReadonlySet<number>;
  readonly #matchers: Readonly<Record<Author, RegExp | null>>;
  readonly #tokens: ReadonlyMap<string, ControlToken>;

  /**
   * @param visualIds ids config.json gives for visual placeholders ([image] or [image, video]); `<image>` by default.
   * @throws TokenizerError when a file is not understood, or a needed token is missing or not one id.
   */
  constructor(
    files: TokenizerFiles,
    visualIds: readonly number[] = [],
    conventions: PromptConventions = PROMPT_CONVENTIONS.videollama3,
  ) {
    this.conventions = conventions;
    const checked = checkTokenizerFiles(files);
    const registered = registerAlarmTokens(checked.tokenizer);
    this.files = { tokenizer: registered.tokenizer, tokenizerConfig: checked.tokenizerConfig };
    this.vocabularySize = registered.vocabularySize;
    this.#tokenizer = this.#bounded(() => {
      return new Tokenizer(asInRust(this.files.tokenizer), this.files.tokenizerConfig);
    });
    this.alarmIds = lookupAlarmTokenIds({ encode: (text) => this.encode(text) });
    this.imageId = visualIds[0] ?? this.idOf(conventions.image);
    this.videoId = visualIds[1] ?? (conventions.video === undefined ? this.imageId : this.idOf(conventions.video));
    this.turnEndId = this.idOf(conventions.turnEnd);
    const markers = conventions.markers.map((marker) => this.idOf(marker));
    const added = this.files.tokenizer.added_tokens ?? [];
    this.userTurnStart = this.encode(conventions.userTurnStart);
    const end = namedToken(this.files.tokenizerConfig, "eos_token") ?? "<|endoftext|>";
    const endId = this.#tokenizer.token_to_id(end);
    this.endIds = [...new Set([this.turnEndId, ...(endId === undefined ? [] : [endId])])];
    const { visual, textual } = this.alarmIds;
    const own = [visual, textual, this.imageId, this.videoId, ...this.endIds, ...markers];
    this.#control = new Set([...own, ...added.filter((t) => t.special).map((t) => t.id)]);
    const isControl = ({ id }: { readonly id: number }): boolean => this.#control.has(id);
    this.#special = added.filter(isControl).map(({ content }) => content);
    this.#tokens = new Map(added.map(({ content, ...token }) => [content, token]));
    this.#matchers = {
      template: matcherOf(added.map(({ content }) => content)),
      assistant: matcherOf(added.filter((token) => !isControl(token)).map(({ content }) => content)),
      user: null,
    };
  }

  /** Ids of a text that the caller answers for; special tokens in it are recognised, none are added. */
  encode(text: string): number[] {
    return this.#bounded(() => this.#tokenizer.encode(text, { add_special_tokens: false }).ids);
  }

  /**
   * Ids of a text in which no token is matched whole: what a user wrote, however it is spelt.
   *
   * @throws PromptError `special-token-in-text` when the ids come out as a control token all the same, as they may with a
   *   vocabulary that holds one as an ordinary word, or as its unknown token.
   */
  encodePlain(text: string): number[] {
    const kept = this.#encoded.get(text);
    if (kept !== undefined) return kept.slice();
    const ids = this.#bounded(() => {
      const { normalizer, pre_tokenizer, model } = this.#tokenizer as unknown as Pipeline;
      const normalized = normalizer === null ? text : normalizer(text);
      if (normalized === "") return [];
      const words = pre_tokenizer === null ? [normalized] : pre_tokenizer(normalized, { section_index: 0 });
      return model(words).map((token) => model.tokens_to_ids.get(token) ?? model.unk_token_id ?? -1);
    });
    for (const id of ids) {
      if (id < 0)
        throw new TokenizerError("the vocabulary has no token for a character of the text, and no unknown token");
      if (this.#control.has(id)) throw forged(this.tokenOf(id));
    }
    this.#encoded.keep(text, ids.slice()); // the template's own pieces and time stamps come again with every prompt
    return ids;
  }

  /**
   * Ids of a completion: tokens such as `<think>` that are not special are matched whole, special ones are refused.
   *
   * @throws PromptError `special-token-in-text`
   */
  encodeCompletion(text: string): number[] {
    const found = this.findSpecial(text);
    if (found !== undefined) throw forged(found, "give the completion as ids to learn a special token");
    return this.cut(text, "assistant").flatMap(({ text: part, token }) =>
      token === undefined ? this.encodePlain(part) : [token.id],
    );
  }

  /** Cuts a text at the tokens its author may use, the longest first. */
  cut(text: string, author: Author): CutText[] {
    const matcher = this.#matchers[author];
    if (matcher === null) return text === "" ? [] : [{ text }];
    const parts: CutText[] = [];
    let read = 0;
    for (const { 0: content, index } of text.matchAll(matcher)) {
      if (index > read) parts.push({ text: text.slice(read, index) });
      parts.push({ text: content, token: this.#tokens.get(content) as ControlToken });
      read = index + content.length;
    }
    if (read < text.length) parts.push({ text: text.slice(read) });
    return parts;
  }

  /** Text of ids, with special tokens left out unless `keepSpecial`. */
  decode(ids: ArrayLike<number>, options: { keepSpecial?: boolean } = {}): string {
    if (ids.length === 0) return "";
    return this.#bounded(() =>
      this.#tokenizer.decode(Array.from(ids), {
        skip_special_tokens: !options.keepSpecial,
        clean_up_tokenization_spaces: false,
      }),
    );
  }

  /** The id of a token. @throws TokenizerError when the vocabulary has none. */
  idOf(token: string): number {
    const id = this.#tokenizer.token_to_id(token);
    if (id === undefined) {
      throw new TokenizerError(
        `expected the token ${token} in tokenizer.json, found none; add it to added_tokens with an id of its own`,
      );
    }
    return id;
  }

  /** The text of a token id. @throws TokenizerError when the vocabulary has none. */
  tokenOf(id: number): string {
    const token = this.#tokenizer.id_to_token(id);
    if (token === undefined) throw new TokenizerError(`expected a token with id ${id} in tokenizer.json, found none`);
    return token;
  }

  /** The first special token written out in a text, or undefined: such text would forge structure. */
  findSpecial(text: string): string | undefined {
    return this.#special.find((token) => text.includes(token));
  }

  #bounded<T>(work: () => T): T {
    try {
      return withDeadline(work);
    } catch (cause) {
      const { message } = cause as Error;
      throw new TokenizerError(`tokenizer.json is not understood: ${message}; take the published file`, { cause });
    }
  }
}

/** The error for text that spells, or becomes, a control token. */
export function forged(token: string, next = "remove it"): PromptError {
  return new PromptError(
    "special-token-in-text",
    `expected plain text, found the special token ${token}; ${next}: as text it would forge a turn or a visual token`,
  );
}

function matcherOf(contents: readonly string[]): RegExp | null {
  if (contents.length === 0) return null;
  const longestFirst = [...contents].sort((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map((content) => content.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|"), "g");
}
