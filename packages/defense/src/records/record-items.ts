import {
  type GrpoRecord,
  grpoRecordSchema,
  grpoSampleFromRecord,
  RecordError,
  type SftRecord,
  sftRecordLabels,
  sftRecordSchema,
  sftSampleFromRecord,
} from "@videosafety/safety-data";
import * as z from "zod/v4/core";
import { partedMessages } from "./message-parts.js";
import type { GrpoItem, RecordPlace, SftItem } from "./training-item.js";

/** What a record gives before its media files were looked for. */
export interface RecordItems {
  readonly items: readonly (Omit<SftItem, "media"> | Omit<GrpoItem, "media">)[];
  /** Media files as the record has them. */
  readonly media: readonly { readonly kind: "video" | "image"; readonly written: string }[];
}

/** Which of the two layouts a record has. @throws RecordError for neither */
export function formatOf(record: unknown): "sft" | "grpo" {
  const keys = typeof record === "object" && record !== null ? Object.keys(record) : [];
  if (keys.includes("conversations")) return "sft";
  if (keys.includes("problem_type")) return "grpo";
  throw new RecordError(
    "invalid-record",
    `expected conversations (stages 1 to 3) or problem_type (stage 4) in the first record, found ${keys.slice(0, 8).join(", ") || "no object"}`,
  );
}

/**
 * The answers of a record of stages 1 to 3, each with what precedes it.
 *
 * @param missingLabels what a record without labels means; with "throw" its items have none, for the stage to refuse
 * @throws RecordError
 */
export function sftItems(
  written: unknown,
  place: RecordPlace,
  options: { readonly turns: "every" | "last"; readonly missingLabels: "throw" | "safe" },
): RecordItems {
  const record: SftRecord = checked(sftRecordSchema, written);
  const labelled = sftRecordLabels(record) !== null || options.missingLabels === "safe";
  const { media, messages, labels } = sftSampleFromRecord(record);
  const files = media?.paths ?? [];
  const parted = partedMessages(messages, files.length);
  const answers = messages.flatMap(({ role }, i) =>
    role === "assistant" && messages[i - 1]?.role === "user" ? [i] : [],
  );
  if (answers.length === 0) throw new RecordError("invalid-record", "expected an answer after a question, found none");
  const items = (options.turns === "last" ? answers.slice(-1) : answers).map((at) => {
    const completion = messages[at]?.content ?? "";
    if (completion.trim() === "")
      throw new RecordError("invalid-record", `expected a text as answer of turn ${at}, found an empty one`);
    return { kind: "sft", place, messages: parted.slice(0, at), completion, labels: labelled ? labels : null } as const;
  });
  return { items, media: files.map((path) => ({ kind: media?.type ?? "video", written: path })) };
}

/** The prompt of a record of stage 4. @throws RecordError */
export function grpoItems(written: unknown, place: RecordPlace): RecordItems {
  const record: GrpoRecord = checked(grpoRecordSchema, written);
  const { question, problemType, solution, media, reference } = grpoSampleFromRecord(record);
  const label = (text: string | null): 0 | 1 => (text === "1" ? 1 : 0);
  const labels =
    problemType === "free-form-and-choice"
      ? { visual: label(reference.vidType), textual: label(reference.textType) }
      : null;
  return {
    items: [{ kind: "grpo", place, question, problemType, solution, labels }],
    media: [{ kind: media.type, written: media.path }],
  };
}

function checked<T>(schema: z.$ZodType<T>, record: unknown): T {
  const parsed = z.safeParse(schema, record);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, 3);
  throw new RecordError(
    "invalid-record",
    issues.map(({ path, message }) => `${path.map(String).join(".") || "record"}: ${message}`).join("; "),
  );
}
