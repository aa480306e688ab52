import { OptionsError, TokenizerError } from "../errors.js";
import { BoundedTemplate } from "./bounded-template-node.js";
import type { ContentPart } from "./chat.js";
import { KeptResults } from "./kept-results.js";
import type { TextTokenizer } from "./text-tokenizer.js";
import { namedToken } from "./tokenizer-files.js";

/** First of the private characters that stand for texts and visual inputs while a template is rendered. */
const FIRST_STAND_IN = 0x10_00_00;
const STAND_INS = /[\u{100000}-\u{10ffff}]/u;
const NAMED_TOKENS = ["bos_token", "eos_token", "pad_token", "unk_token"] as const;

/** Values that a template may branch on, such as `add_system_prompt`. */
export type TemplateOptions = Readonly<Record<string, boolean | number>>;

/** A message as templates read it. */
export interface TemplateMessage {
  /** Who speaks. */
  readonly role: string;
  /** A text, or parts. */
  readonly content: string | readonly ContentPart[];
}

/** The private character that stands for the i-th text or visual input. */
export function standIn(index: number): string {
  if (index > 0xff_ff) throw new TokenizerError(`expected at most ${0xff_ff} parts in a conversation, found more`);
  return String.fromCodePoint(FIRST_STAND_IN + index);
}

/** What a rendered text holds, in order: the template's own text, and which stand-ins. */
export function splitAtStandIns(rendered: string): (string | number)[] {
  return rendered
    .split(/([\u{100000}-\u{10ffff}])/u)
    .map((part, i) => (i % 2 === 0 ? part : (part.codePointAt(0) as number) - FIRST_STAND_IN))
    .filter((part) => part !== "");
}

/** A model's chat template, and which forms of content it reads. */
export class ChatTemplate {
  /** It prints a content that is a text. */
  readonly readsText: boolean;
  /** It prints the texts of a list of parts, and nothing of the list itself. */
  readonly readsParts: boolean;
  /** It writes the family's placeholder for parts of these types. */
  readonly writesVisual: { readonly image: boolean; readonly video: boolean };
  readonly #template: BoundedTemplate;
  readonly #rendered = new KeptResults<string>(64, 4096);
  readonly #variables: Readonly<Record<string, unknown>>;

  private constructor(
    readonly source: string,
    tokenizer: TextTokenizer,
  ) {
    if (STAND_INS.test(source))
      throw new TokenizerError("the chat template holds private characters of plane 16, which stand for messages here");
    this.#template = new BoundedTemplate(source);
    const { conventions, files } = tokenizer;
    const tokens = NAMED_TOKENS.flatMap((key) => {
      const token = namedToken(files.tokenizerConfig, key);
      return token === undefined || STAND_INS.test(token) ? [] : [[key, token] as const];
    });
    const video = conventions.video === undefined ? {} : { video_token: conventions.video };
    this.#variables = {
      ...Object.fromEntries(tokens),
      image_token: conventions.image,
      ...video,
      tools: null,
      documents: null,
    };
    const probe = standIn(0);
    const text = this.#probe(probe);
    const parts = this.#probe([{ type: "text", text: probe, [standIn(1)]: true } as ContentPart]);
    this.readsText = text.includes(probe);
    this.readsParts = parts.includes(probe) && !parts.includes(standIn(1));
    const visual = (kind: "image" | "video"): boolean =>
      conventions.templateVisuals !== undefined &&
      this.#probe([{ type: kind }, { type: "text", text: probe }]).includes(conventions.templateVisuals[kind]);
    this.writesVisual = { image: visual("image"), video: visual("video") };
  }

  /** The template of a model; compiled once for each tokenizer. @throws TokenizerError */
  static of(source: string, tokenizer: TextTokenizer): ChatTemplate {
    const known = compiled.get(tokenizer);
    if (known?.source === source) return known;
    const template = new ChatTemplate(source, tokenizer);
    compiled.set(tokenizer, template);
    return template;
  }

  /** @throws TokenizerError when it fails on this conversation or goes beyond its bounds. */
  render(messages: readonly TemplateMessage[], options: TemplateOptions): string {
    for (const [name, value] of Object.entries(options)) {
      if (typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))) continue;
      throw new OptionsError(
        `expected templateOptions of booleans and numbers, found ${name} ${JSON.stringify(value) ?? String(value)}; a text could forge turns`,
      );
    }
    // Stand-ins take the place of texts, so conversations of one form are one rendering: kept, because it takes milliseconds.
    const key = JSON.stringify([messages, options]);
    const kept = this.#rendered.get(key);
    if (kept !== undefined) return kept;
    const length = messages.reduce((sum, { content }) => sum + JSON.stringify(content).length, 0);
    const variables = { ...options, ...this.#variables, messages, add_generation_prompt: true };
    const rendered = this.#template.render(variables, length);
    this.#rendered.keep(key, rendered);
    return rendered;
  }

  #probe(content: TemplateMessage["content"]): string {
    try {
      return this.render([{ role: "user", content }], {});
    } catch {
      return ""; // it does not read this form; the real conversation tells what is wrong with it
    }
  }
}

const compiled = new WeakMap<TextTokenizer, ChatTemplate>();
