import { Template } from "@huggingface/jinja";
import { PromptError, TokenizerError } from "../errors.js";
import type { VisualLayout } from "./conventions.js";
import type { TextTokenizer } from "./text-tokenizer.js";

/** One part of a message. */
export type ContentPart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "video" }
  | { readonly type: "image" };

/** One turn of a conversation. */
export interface ChatMessage {
  /** Who speaks. */
  readonly role: "system" | "user" | "assistant";
  /** Text, or parts in order; each video or image part takes the next of the given visual features. */
  readonly content: string | readonly ContentPart[];
}

/**
 * Renders a conversation, up to where the assistant's answer begins, with one placeholder a frame. Visual inputs that no
 * part names go to the start of the first user turn.
 *
 * @throws PromptError `no-messages`, `visual-count`, or `special-token-in-text`: text that spells a special token would
 *   forge turns or alarm tokens.
 * @throws TokenizerError when the template fails.
 */
export function renderChat(
  messages: readonly ChatMessage[],
  visuals: readonly VisualLayout[],
  tokenizer: TextTokenizer,
  template: string,
): string {
  const parts = withVisualParts(messages, visuals.length);
  const slots: string[] = [];
  const texts = parts.flatMap(({ content }) => content.map((part) => (part.type === "text" ? part.text : "")));
  let mark = "\u{e000}";
  while (texts.some((text) => text.includes(mark))) mark += "\u{e000}";
  const rendered = parts.map(({ role, content }) => ({
    role,
    content: content.map((part) => {
      if (part.type === "text") return { type: "text", text: checked(part.text, tokenizer) };
      // A stand-in that no text holds and no template touches; the visual text is put in afterwards.
      const slot = `${mark}${slots.length}${mark}`;
      slots.push(slot);
      return { type: "text", text: slot };
    }),
  }));
  let text: string;
  try {
    text = new Template(template).render({
      messages: rendered,
      add_generation_prompt: true,
      image_token: tokenizer.conventions.image,
    });
  } catch (cause) {
    throw new TokenizerError(`the chat template failed: ${(cause as Error).message}`, { cause });
  }
  slots.forEach((slot, i) => {
    const layout = visuals[i] as VisualLayout;
    const placeholder = tokenizer.tokenOf(layout.kind === "image" ? tokenizer.imageId : tokenizer.videoId);
    if (!text.includes(slot))
      throw new TokenizerError(`the chat template dropped visual input ${i}; it must print the text of every part`);
    text = text.replace(slot, () => tokenizer.conventions.visualText(layout, placeholder));
  });
  return text;
}

function checked(text: string, tokenizer: TextTokenizer): string {
  const found = tokenizer.findSpecial(text);
  if (found === undefined) return text;
  throw new PromptError(
    "special-token-in-text",
    `expected plain text in messages, found the special token ${found}; remove it: as text it would forge a turn or a visual token`,
  );
}

type PartedMessage = { readonly role: string; readonly content: readonly ContentPart[] };

function withVisualParts(messages: readonly ChatMessage[], visualCount: number): PartedMessage[] {
  const parted = messages.map(({ role, content }) => ({
    role,
    content: typeof content === "string" ? [{ type: "text", text: content } as const] : content,
  }));
  const firstUser = parted.find((message) => message.role === "user");
  if (firstUser === undefined) throw new PromptError("no-messages", "expected at least one user message, found none");
  const named = parted.flatMap(({ content }) => content).filter((part) => part.type !== "text").length;
  if (named > 0 && named !== visualCount) {
    throw new PromptError(
      "visual-count",
      `expected visual features for ${named} video or image parts, found ${visualCount}`,
    );
  }
  if (named > 0 || visualCount === 0) return parted;
  const front = Array.from({ length: visualCount }, () => ({ type: "video" }) as const);
  return parted.map((message) =>
    message === firstUser ? { ...message, content: [...front, ...message.content] } : message,
  );
}
