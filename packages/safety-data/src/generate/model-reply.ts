import { RECORD_FIELDS, type RecordField } from "../grammar/grammar-schema.js";
import { COMPLETION_TAGS } from "../text/tagged-completion.js";

/** What a model's reply was. */
export type ModelReply =
  | { readonly kind: "fields"; readonly fields: Readonly<Partial<Record<RecordField, string>>> }
  | { readonly kind: "malformed" | "binary" | "too-long"; readonly detail: string };

/** Every tag of the formats, opening and closing. */
export const TAGS: readonly string[] = [...new Set([...RECORD_FIELDS, ...COMPLETION_TAGS])].flatMap((tag) => [
  `<${tag}>`,
  `</${tag}>`,
]);
/** Control characters but tab and line ends, the mark of bytes that were no text, and halves of characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused.
const BINARY = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffd]|\p{Surrogate}/u;

/** Whether a text holds what no sentence holds. */
export const isBinary = (text: string): boolean => BINARY.test(text);

/**
 * Reads a reply: exactly the blocks that were asked for, in their order, with white space around them. A leading `<think>` block that was not asked for
 * (a reasoning model's own) is left out. Linear time; any text is accepted.
 */
export function readModelReply(text: string, writes: readonly RecordField[], maxCharacters: number): ModelReply {
  if (text.length > 4 * maxCharacters) return { kind: "too-long", detail: `${text.length} characters` };
  if (isBinary(text)) return { kind: "binary", detail: "control characters or broken ones" };
  let rest = text.trim();
  if (!writes.includes("think") && rest.startsWith("<think>")) {
    const end = rest.indexOf("</think>");
    if (end >= 0) rest = rest.slice(end + "</think>".length).trimStart();
  }
  const malformed = (expected: string): ModelReply => ({
    kind: "malformed",
    detail: `expected ${expected}, found ${JSON.stringify(rest.slice(0, 80))}`,
  });
  const fields: Partial<Record<RecordField, string>> = {};
  for (const field of writes) {
    const [open, close] = [`<${field}>`, `</${field}>`];
    const end = rest.indexOf(close);
    if (!rest.startsWith(open) || end < 0) return malformed(`${open}...${close}`);
    const inside = rest.slice(open.length, end).trim();
    if (inside === "" || TAGS.some((tag) => inside.includes(tag))) return malformed(`a text without tags in ${open}`);
    if (inside.length > maxCharacters) return { kind: "too-long", detail: `${field}: ${inside.length} characters` };
    fields[field] = inside;
    rest = rest.slice(end + close.length).trimStart();
  }
  if (rest !== "") return malformed("nothing after the blocks");
  return { kind: "fields", fields };
}
