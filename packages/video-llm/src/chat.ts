import { Template } from "@huggingface/jinja";
import { PromptError, TokenizerError } from "./errors.js";
import { CHAT_TOKENS, type TextTokenizer } from "./text-tokenizer.js";

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

/** What the prompt must know of one visual input. */
export interface VisualLayout {
  /** A video is labelled with times, an image is not. */
  readonly kind: "video" | "image";
  /** Time of each frame, [T] seconds. */
  readonly timestampsSeconds: ArrayLike<number>;
}

/** ChatML as VideoLLaMA3 uses it, for models without a template of their own. */
export const DEFAULT_CHAT_TEMPLATE = [
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' }}",
  "{% for part in message['content'] %}{{ part['text'] }}{% endfor %}{{ '<|im_end|>\\n' }}{% endfor %}",
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
].join("");

/** A time as Python's `f"{t:.1f}"` writes it: exact ties go to the even digit, where JavaScript's go up. */
export function formatSeconds(seconds: number): string {
  const tie = Number.isInteger(seconds * 4) && !Number.isInteger(seconds * 2);
  if (!tie) return seconds.toFixed(1);
  const tenths = Math.floor(seconds * 10);
  return ((tenths % 2 === 0 ? tenths : tenths + 1) / 10).toFixed(1);
}

/** The text that stands for a visual input, one placeholder a frame: `Time 0.0s:<image>,Time 1.0s:<image>\n`. */
export function visualText(layout: VisualLayout, placeholder: string): string {
  if (layout.kind === "image") return `${placeholder}\n`;
  const frames = Array.from(layout.timestampsSeconds, (t) => `Time ${formatSeconds(t)}s:${placeholder}`);
  return `${frames.join(",")}\n`;
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
  const rendered = parts.map(({ role, content }) => ({
    role,
    content: content.map((part) => {
      if (part.type === "text") return { type: "text", text: checked(part.text, tokenizer) };
      // A stand-in that no tokenizer merges and no template touches; the visual text is put in afterwards.
      const slot = `\u{e000}${slots.length}\u{e001}`;
      slots.push(slot);
      return { type: "text", text: slot };
    }),
  }));
  let text: string;
  try {
    text = new Template(template).render({
      messages: rendered,
      add_generation_prompt: true,
      image_token: CHAT_TOKENS.image,
    });
  } catch (cause) {
    throw new TokenizerError(`the chat template failed: ${(cause as Error).message}`, { cause });
  }
  slots.forEach((slot, i) => {
    const layout = visuals[i] as VisualLayout;
    const placeholder = tokenizer.tokenOf(layout.kind === "image" ? tokenizer.imageId : tokenizer.videoId);
    if (!text.includes(slot))
      throw new TokenizerError(`the chat template dropped visual input ${i}; it must print the text of every part`);
    text = text.replace(slot, visualText(layout, placeholder));
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
