import { PromptError } from "../errors.js";
import { checkTimes } from "../vision/visual-features.js";
import type { VisualLayout } from "./conventions.js";

/** One part of a message. */
export type ContentPart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "video" }
  | { readonly type: "image" };

/** Who may speak. The last two only where the model's template names them. */
export const ROLES = ["system", "user", "assistant", "tool", "stream"] as const;

/** One turn of a conversation. */
export interface ChatMessage {
  /** Who speaks. `tool` and `stream` where the model's chat template has them. */
  readonly role: (typeof ROLES)[number];
  /** Text, or parts in order; each video or image part takes the next of the given visual features. */
  readonly content: string | readonly ContentPart[];
}

/** A message whose content is parts. */
export interface PartedMessage {
  readonly role: ChatMessage["role"];
  readonly content: readonly ContentPart[];
  /** The caller gave a text, and nothing was added to it. */
  readonly isText: boolean;
}

/**
 * Checks a conversation and gives every message parts. Visual inputs that no part names go to the start of the first user
 * turn.
 *
 * @param template source of the chat template: what says whether the roles `tool` and `stream` are known.
 * @throws PromptError `no-messages`, `unknown-role`, `message-content`, `visual-count`, `timestamps`
 */
export function partMessages(
  messages: readonly ChatMessage[],
  visuals: readonly VisualLayout[],
  template: string,
): PartedMessage[] {
  if (!Array.isArray(messages))
    throw new PromptError("no-messages", `expected a list of messages, found ${typeof messages}`);
  const parted = messages.map((message, i) => {
    checkRole(message?.role, i, template);
    return { role: message.role, content: partsOf(message.content, i), isText: typeof message.content === "string" };
  });
  const firstUser = parted.find((message) => message.role === "user");
  if (firstUser === undefined) throw new PromptError("no-messages", "expected at least one user message, found none");
  visuals.forEach(({ timestampsSeconds, toldSeconds }, i) => {
    checkTimes(timestampsSeconds, `of visual input ${i}`);
    checkTimes(toldSeconds ?? [], `told of visual input ${i}`);
  });
  const named = parted.flatMap(({ content }) => content).filter((part) => part.type !== "text");
  if (named.length > 0 && named.length !== visuals.length) {
    throw new PromptError(
      "visual-count",
      `expected visual features for ${named.length} video or image parts, found ${visuals.length}`,
    );
  }
  named.forEach(({ type }, i) => {
    const kind = (visuals[i] as VisualLayout).kind;
    if (type !== kind) {
      throw new PromptError(
        "visual-count",
        `expected features of ${type === "image" ? "an image" : "a video"} for visual part ${i}, found those of ${kind === "image" ? "an image" : "a video"}; encode with kind: "${type}", or name the part "${kind}"`,
      );
    }
  });
  if (named.length > 0 || visuals.length === 0) return parted;
  const front = visuals.map(({ kind }) => ({ type: kind }));
  return parted.map((message) =>
    message === firstUser ? { ...message, content: [...front, ...message.content], isText: false } : message,
  );
}

function checkRole(role: unknown, index: number, template: string): void {
  const known = ROLES.filter((name) => ["system", "user", "assistant"].includes(name) || names(template, name));
  if ((known as unknown[]).includes(role)) return;
  throw new PromptError(
    "unknown-role",
    `message ${index}: expected a role of ${known.join(", ")}, found ${JSON.stringify(role) ?? String(role)}; the template writes roles into the prompt`,
  );
}

/** Whether a template compares with a role: holds it as a quoted string. */
const names = (template: string, role: string): boolean => new RegExp(`(["'])${role}\\1`).test(template);

function partsOf(content: unknown, index: number): ContentPart[] {
  const refuse = (found: string): never => {
    throw new PromptError(
      "message-content",
      `message ${index}: expected a text, or parts { type: "text", text }, { type: "video" } or { type: "image" }, found ${found}`,
    );
  };
  if (typeof content === "string") return [{ type: "text", text: content }];
  if (!Array.isArray(content)) return refuse(content === null ? "null" : typeof content);
  return content.map((part: unknown, i) => {
    const { type, text } = (part ?? {}) as { type?: unknown; text?: unknown };
    if (type === "text")
      return typeof text === "string" ? { type, text } : refuse(`part ${i} with a text of type ${typeof text}`);
    return type === "video" || type === "image"
      ? { type }
      : refuse(`part ${i} of type ${JSON.stringify(type) ?? "undefined"}`);
  });
}
