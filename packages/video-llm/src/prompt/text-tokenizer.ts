import { Tokenizer } from "@huggingface/tokenizers";
import {
  type AlarmTokenIds,
  lookupAlarmTokenIds,
  registerAlarmTokens,
  type TokenizerJson,
} from "@videosafety/alarm-tokens";
import { TokenizerError } from "../errors.js";
import { CHAT_TOKENS, PROMPT_CONVENTIONS, type PromptConventions } from "./conventions.js";

/** The parsed files of a tokenizer, as in a Hugging Face directory. */
export interface TokenizerFiles {
  /** tokenizer.json. */
  readonly tokenizer: TokenizerJson;
  /** tokenizer_config.json; empty when there is none. */
  readonly tokenizerConfig?: Readonly<Record<string, unknown>>;
}

/** The tokens a fresh tokenizer needs beside its ordinary ones. */
export const REQUIRED_TOKENS = [
  "<|endoftext|>",
  CHAT_TOKENS.turnStart,
  CHAT_TOKENS.turnEnd,
  CHAT_TOKENS.image,
] as const;

/**
 * Text to ids and back. The two alarm tokens are added on construction when the files lack them; ids of special tokens
 * are looked up, never assumed.
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
  readonly #tokenizer: Tokenizer;
  readonly #special: readonly string[];

  /**
   * @param visualIds ids config.json gives for visual placeholders ([image] or [image, video]); `<image>` by default.
   * @throws TokenizerError when a needed token is missing or not one id.
   */
  constructor(
    files: TokenizerFiles,
    visualIds: readonly number[] = [],
    conventions: PromptConventions = PROMPT_CONVENTIONS.videollama3,
  ) {
    this.conventions = conventions;
    const registered = registerAlarmTokens(files.tokenizer);
    this.files = { tokenizer: registered.tokenizer, tokenizerConfig: files.tokenizerConfig ?? {} };
    this.vocabularySize = registered.vocabularySize;
    try {
      this.#tokenizer = new Tokenizer(this.files.tokenizer, this.files.tokenizerConfig);
    } catch (cause) {
      throw new TokenizerError(`tokenizer.json is not understood: ${(cause as Error).message}`, { cause });
    }
    this.alarmIds = lookupAlarmTokenIds(this.#tokenizer);
    this.imageId = visualIds[0] ?? this.idOf(conventions.image);
    this.videoId = visualIds[1] ?? (conventions.video === undefined ? this.imageId : this.idOf(conventions.video));
    this.turnEndId = this.idOf(conventions.turnEnd);
    for (const marker of conventions.markers) this.idOf(marker);
    this.userTurnStart = this.encode(conventions.userTurnStart);
    const own = this.files.tokenizerConfig.eos_token;
    const end = typeof own === "string" ? own : "<|endoftext|>";
    const endId = this.#tokenizer.token_to_id(end);
    this.endIds = [...new Set([this.turnEndId, ...(endId === undefined ? [] : [endId])])];
    this.#special = (this.files.tokenizer.added_tokens ?? []).filter((t) => t.special).map((t) => t.content);
  }

  /** Ids of a text; special tokens in it are recognised, none are added. */
  encode(text: string): number[] {
    return this.#tokenizer.encode(text, { add_special_tokens: false }).ids;
  }

  /** Text of ids, with special tokens left out unless `keepSpecial`. */
  decode(ids: ArrayLike<number>, options: { keepSpecial?: boolean } = {}): string {
    if (ids.length === 0) return "";
    return this.#tokenizer.decode(Array.from(ids), {
      skip_special_tokens: !options.keepSpecial,
      clean_up_tokenization_spaces: false,
    });
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
}
