import { PromptError, TokenizerError } from "../errors.js";
import { type ChatMessage, type ContentPart, type PartedMessage, partMessages } from "./chat.js";
import { ChatTemplate, splitAtStandIns, standIn, type TemplateMessage, type TemplateOptions } from "./chat-template.js";
import type { VisualLayout } from "./conventions.js";
import { forged, type TextTokenizer } from "./text-tokenizer.js";

/** A stretch of a rendered conversation and who wrote it. */
export type Piece =
  | { readonly kind: "template"; readonly text: string }
  | { readonly kind: "message"; readonly text: string; readonly message: number; readonly role: ChatMessage["role"] }
  | { readonly kind: "visual"; readonly text: string; readonly visual: number; readonly message: number };

/** What stands in for something while the template is rendered. */
type Entry = Exclude<Piece, { readonly kind: "template" }>;

/**
 * Renders a conversation up to where the assistant's answer begins, as transformers' `apply_chat_template`, and says of
 * every stretch whether the template, a message or a visual input wrote it. The template is rendered with private
 * characters in place of what users wrote, so that no text can pass for the template's own; and a second time with the
 * texts themselves, to be sure that it treats them as it did the stand-ins.
 *
 * @throws PromptError as `partMessages`, `special-token-in-text`, or `template-reads-text` when the template changes the
 *   text of messages or depends on it.
 * @throws TokenizerError when the template fails, or drops a visual input or the text of the last user turn.
 */
export function renderConversation(
  messages: readonly ChatMessage[],
  visuals: readonly VisualLayout[],
  tokenizer: TextTokenizer,
  source: string,
  options: TemplateOptions = {},
): Piece[] {
  const template = ChatTemplate.of(source, tokenizer);
  const parted = partMessages(messages, visuals, source);
  for (const { content } of parted)
    for (const part of content) if (part.type === "text") refuseSpecial(part.text, tokenizer);
  const entries: Entry[] = [];
  const masked: TemplateMessage[] = [];
  const plain: TemplateMessage[] = [];
  const typed: number[] = [];
  let visual = 0;
  parted.forEach((message, index) => {
    const pairs = message.content.map((part): [ContentPart, ContentPart] => {
      if (part.type === "text") {
        const { before, core, after } = aroundCore(part.text);
        const mark = standIn(entries.length);
        entries.push({ kind: "message", text: core, message: index, role: message.role });
        return [{ type: "text", text: before + mark + after }, part];
      }
      const number = visual++;
      const entry = visualEntry(number, index, visuals, tokenizer);
      if (template.writesVisual[part.type] && template.readsParts) {
        typed.push(number);
        return [part, part];
      }
      const mark = standIn(entries.length);
      entries.push(entry);
      return [
        { type: "text", text: mark },
        { type: "text", text: mark },
      ];
    });
    masked.push({
      role: message.role,
      content: contentFor(
        template,
        message,
        pairs.map(([stand]) => stand),
      ),
    });
    plain.push({
      role: message.role,
      content: contentFor(
        template,
        message,
        pairs.map(([, real]) => real),
      ),
    });
  });
  const rendered = template.render(masked, options);
  const marked = splitAtStandIns(rendered).map((part): Piece => {
    return typeof part === "string" ? { kind: "template", text: part } : entryOf(entries, part);
  });
  checkSame(marked, entries, template.render(plain, options));
  const owners = parted.flatMap(({ content }, index) =>
    content.flatMap(({ type }) => (type === "text" ? [] : [index])),
  );
  const pieces = placeTyped(
    marked,
    typed,
    (number) => visualEntry(number, owners[number] as number, visuals, tokenizer),
    tokenizer,
  );
  checkComplete(pieces, parted, visuals.length);
  return pieces;
}

function refuseSpecial(text: string, tokenizer: TextTokenizer): void {
  const found = tokenizer.findSpecial(text);
  if (found !== undefined) throw forged(found);
}

/** White space around a text stays outside of its stand-in, so that templates can trim it. */
function aroundCore(text: string): { before: string; core: string; after: string } {
  const core = text.trim();
  const start = core === "" ? text.length : text.indexOf(core);
  return { before: text.slice(0, start), core, after: text.slice(start + core.length) };
}

function visualEntry(
  visual: number,
  message: number,
  visuals: readonly VisualLayout[],
  tokenizer: TextTokenizer,
): Extract<Piece, { readonly kind: "visual" }> {
  const layout = visuals[visual] as VisualLayout;
  const placeholder = tokenizer.tokenOf(layout.kind === "image" ? tokenizer.imageId : tokenizer.videoId);
  return { kind: "visual", text: tokenizer.conventions.visualText(layout, placeholder), visual, message };
}

/** As transformers passes it, where the template reads that; else in the form that it does read. */
function contentFor(
  template: ChatTemplate,
  message: PartedMessage,
  parts: readonly ContentPart[],
): TemplateMessage["content"] {
  const joined = (): string => parts.map((part) => (part.type === "text" ? part.text : "")).join("");
  if (message.isText && template.readsText) return joined();
  return template.readsParts || !template.readsText ? parts : joined();
}

function entryOf(entries: readonly Entry[], index: number): Entry {
  const entry = entries[index];
  if (entry === undefined) throw new TokenizerError("the chat template prints private characters of its own");
  return entry;
}

/** The template must treat texts as it treats what stands in for them. */
function checkSame(marked: readonly Piece[], entries: readonly Entry[], rendered: string): void {
  const marks = new Map(entries.map((entry, i) => [entry, standIn(i)]));
  const expected = marked
    .map((piece) => (piece.kind === "visual" ? (marks.get(piece) as string) : piece.text))
    .join("");
  if (expected === rendered) return;
  let at = 0;
  while (expected[at] === rendered[at]) at += 1;
  throw new PromptError(
    "template-reads-text",
    `expected a chat template that prints messages as they are, found that it changes a text or depends on it, at ${JSON.stringify(rendered.slice(Math.max(0, at - 20), at + 20))}; rewrite the message, or the template`,
  );
}

/** Puts visual inputs where the template wrote the family's placeholder, in order. */
function placeTyped(
  pieces: readonly Piece[],
  typed: readonly number[],
  entry: (visual: number) => Extract<Piece, { readonly kind: "visual" }>,
  tokenizer: TextTokenizer,
): Piece[] {
  if (typed.length === 0) return [...pieces];
  const { image, video } = tokenizer.conventions.templateVisuals as { image: string; video: string };
  const quoted = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  const pattern = new RegExp(`(${quoted(image)}|${quoted(video)})`);
  let next = 0;
  const placed = pieces.flatMap((piece): Piece[] => {
    if (piece.kind !== "template") return [piece];
    return piece.text.split(pattern).flatMap((text, i): Piece[] => {
      if (i % 2 === 0) return text === "" ? [] : [{ kind: "template", text }];
      const number = typed[next++];
      return number === undefined ? [] : [entry(number)];
    });
  });
  if (next === typed.length) return placed;
  throw new TokenizerError(
    `the chat template writes ${next} visual placeholders for ${typed.length} images and videos`,
  );
}

function checkComplete(pieces: readonly Piece[], parted: readonly PartedMessage[], visuals: number): void {
  const shown = pieces.flatMap((piece) => (piece.kind === "visual" ? [piece.visual] : []));
  for (let visual = 0; visual < visuals; visual++) {
    if (shown.filter((number) => number === visual).length === 1) continue;
    throw new TokenizerError(
      `the chat template dropped visual input ${visual}, or repeats it; it must print every part once`,
    );
  }
  const last = parted.findLastIndex(({ role }) => role === "user");
  if (pieces.some((piece) => piece.kind !== "template" && piece.message === last)) return;
  throw new TokenizerError(`the chat template dropped the last user turn (message ${last}); it must print its text`);
}
