import { RecordError } from "../errors.js";
import { isLanguageTag } from "../taxonomy/languages.js";
import { parseTaggedCompletion } from "../text/tagged-completion.js";
import type { DiversityText } from "./measure-diversity.js";

/** Parts of a record that can be measured. */
export const RECORD_PARTS = ["query", "answer", "think"] as const;
/** One of {@link RECORD_PARTS}. */
export type RecordPart = (typeof RECORD_PARTS)[number];

type Loose = Readonly<Record<string, unknown>>;
const asObject = (value: unknown): Loose => (typeof value === "object" && value !== null ? (value as Loose) : {});

/**
 * The text of a part of a record in any of this package's formats: records of stages 1 to 3 (`conversations`: the first human turn without media
 * tags, the first answer), of stage 4 (`problem`, `solution`), items of vsb-eval and others with `query` and `answer`. Of a tagged completion
 * `answer` and `think` are its blocks. The language is the record's `language`, else `provenance.language`, else `fallback`.
 *
 * @returns null when the record has no such part
 * @throws RecordError "invalid-record" for a record of no known format, or for a language that is no BCP-47 tag
 */
export function recordText(record: unknown, part: RecordPart, fallback = "und"): DiversityText | null {
  const fields = asObject(record);
  const text = partOf(fields, part);
  if (text === null || text.trim() === "") return null;
  const named = fields.language ?? asObject(fields.provenance).language ?? fallback;
  if (typeof named !== "string" || !isLanguageTag(named))
    throw new RecordError("invalid-record", `expected a BCP-47 tag as language, found ${JSON.stringify(named)}`);
  return { text, language: named };
}

function partOf(fields: Loose, part: RecordPart): string | null {
  if (Array.isArray(fields.conversations)) {
    const turn = fields.conversations.map(asObject).find(({ from }) => from === (part === "query" ? "human" : "gpt"));
    const value = typeof turn?.value === "string" ? turn.value : null;
    return part === "query"
      ? (value?.replace(/<(?:video|image)>|\$[01]\$[01]/g, "").trim() ?? null)
      : block(value, part);
  }
  if (typeof fields.problem === "string")
    return part === "query"
      ? fields.problem
      : block(typeof fields.solution === "string" ? fields.solution : null, part);
  if (typeof fields.query === "string")
    return part === "query" ? fields.query : typeof fields[part] === "string" ? fields[part] : null;
  throw new RecordError(
    "invalid-record",
    `expected a record with conversations, problem or query, found the keys ${Object.keys(fields).slice(0, 8).join(", ") || "none"}`,
  );
}

/** A block of a tagged completion; a text without tags is all answer. */
function block(text: string | null, part: "answer" | "think"): string | null {
  if (text === null) return null;
  const blocks = parseTaggedCompletion(text);
  if (blocks.answer === null && blocks.think === null) return part === "answer" ? text : null;
  return blocks[part];
}
