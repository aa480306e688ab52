import { CompletionFormatError } from "../errors.js";
import type { SafetyLabel } from "../taxonomy/safety-label.js";
import { isPythonWhitespace, pythonStrip } from "./python-whitespace.js";

/** The four blocks of a completion, in their order. */
export const COMPLETION_TAGS = ["think", "answer", "vidType", "textType"] as const;

/** Name of a block: `think`, `answer`, `vidType` or `textType` (case-sensitive, like the authors' patterns). */
export type CompletionTag = (typeof COMPLETION_TAGS)[number];

/** The trimmed inside of each block; null where the block is missing or not closed. */
export type TaggedCompletion = Record<CompletionTag, string | null>;

/** What `formatTaggedCompletion` writes. */
export interface CompletionFields {
  readonly think: string;
  /** What the user reads. */
  readonly answer: string;
  /** The model's label of the video: 0 = safe, 1 = harmful. */
  readonly vidType: SafetyLabel;
  /** The model's label of the query: 0 = safe, 1 = harmful. */
  readonly textType: SafetyLabel;
}

/**
 * Reads the blocks of a completion in their order, each looked for after the end of the one before, so that an
 * `<answer>` quoted inside a closed `<think>` is not taken for the answer. Any text is accepted: a missing block is
 * null. Linear time in the length of the text.
 *
 * Differs from the authors' extraction (train_grpo_vidlm3.py at 7589dea), which takes the first match anywhere and
 * cannot tell a missing block from an empty one.
 */
export function parseTaggedCompletion(text: string): TaggedCompletion {
  const blocks: TaggedCompletion = { think: null, answer: null, vidType: null, textType: null };
  let from = 0;
  for (const tag of COMPLETION_TAGS) {
    const open = text.indexOf(`<${tag}>`, from);
    if (open < 0) continue;
    const start = open + tag.length + 2;
    const end = text.indexOf(`</${tag}>`, start);
    if (end < 0) continue;
    blocks[tag] = pythonStrip(text.slice(start, end));
    from = end + tag.length + 3;
  }
  return blocks;
}

/**
 * Writes the four blocks without white space between them.
 * @throws CompletionFormatError when think or answer holds one of the format's tags: the result would not parse back.
 */
export function formatTaggedCompletion(fields: CompletionFields): string {
  for (const name of ["think", "answer"] as const) {
    const tag = COMPLETION_TAGS.flatMap((tag) => [`<${tag}>`, `</${tag}>`]).find((tag) => fields[name].includes(tag));
    if (tag !== undefined)
      throw new CompletionFormatError(
        `expected ${name} without the format's own tags, found ${tag}: remove or escape it`,
      );
  }
  return COMPLETION_TAGS.map((tag) => `<${tag}>${fields[tag]}</${tag}>`).join("");
}

/**
 * Whether the whole text is the four blocks in order with only white space (Python's) between them: exactly the
 * texts that the authors' pattern matches in full with DOTALL (train_grpo_vidlm3.py at 7589dea), so nested and repeated tags inside a
 * block pass and outer white space does not. Linear time: the pattern matches in full if and only if the three
 * separators `</a>` white space `<b>` occur in order without overlap, and then the earliest ones do. The authors'
 * backtracking pattern takes seconds on a few kilobytes of repeated tags.
 */
export function isWellFormedCompletion(text: string): boolean {
  if (!text.startsWith("<think>") || !text.endsWith("</textType>")) return false;
  let from: number | null = "<think>".length;
  for (const [closing, opening] of SEPARATORS) {
    from = endOfSeparator(text, closing, opening, from);
    if (from === null) return false;
  }
  return from <= text.length - "</textType>".length;
}

/**
 * Whether the text is in the documented format and nothing else: after trimming, the blocks in order with only white
 * space between them, each of their tags exactly once, and labels that are `0` or `1`. This closes the ways to please
 * the authors' pattern with a malformed text (a second answer inside a block, a label `maybe`). Linear time.
 *
 * @param blocks "all" (default): the four blocks of a safety completion; "answerOnly": think and answer, for problems
 * without labels, whose completions the authors' pattern never matches
 */
export function isCanonicalCompletion(text: string, blocks: "all" | "answerOnly" = "all"): boolean {
  const completion = pythonStrip(text) + (blocks === "all" ? "" : LABEL_BLOCKS);
  if (!isWellFormedCompletion(completion)) return false;
  // Twice forwards: looking backwards takes several times as long.
  for (const tag of COMPLETION_TAGS)
    for (const marker of [`<${tag}>`, `</${tag}>`])
      if (completion.indexOf(marker, completion.indexOf(marker) + 1) >= 0) return false;
  const { vidType, textType } = parseTaggedCompletion(completion);
  return [vidType, textType].every((label) => label === "0" || label === "1");
}

const LABEL_BLOCKS = "<vidType>0</vidType><textType>0</textType>";
const SEPARATORS = [
  ["</think>", "<answer>"],
  ["</answer>", "<vidType>"],
  ["</vidType>", "<textType>"],
] as const;

function endOfSeparator(text: string, closing: string, opening: string, from: number): number | null {
  for (let at = text.indexOf(closing, from); at >= 0; at = text.indexOf(closing, at + closing.length)) {
    let next = at + closing.length;
    while (next < text.length && isPythonWhitespace(text.charCodeAt(next))) next++;
    if (text.startsWith(opening, next)) return next + opening.length;
  }
  return null;
}
