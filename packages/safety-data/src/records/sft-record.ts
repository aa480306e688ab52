import * as z from "zod/mini";
import { RecordError } from "../errors.js";
import { described } from "../schema.js";
import { HARMFUL, SAFE, type SafetyLabel, type SafetyLabels } from "../taxonomy/safety-label.js";

const binaryLabel = z.union([z.literal(0), z.literal(1), z.boolean(), z.string()], "expected 0 (safe) or 1 (harmful)");

/**
 * A record of stages 1-3 as the authors write it (README and train.py at 7589dea): VideoLLaMA3's conversation format
 * with safety labels, nested or flat. Unknown keys are kept.
 */
export const sftRecordSchema = z.looseObject({
  video: described(
    z.nullish(z.union([z.string(), z.array(z.string()).check(z.minLength(1))])),
    "paths relative to the data root",
  ),
  image: described(
    z.nullish(z.union([z.string(), z.array(z.string()).check(z.minLength(1))])),
    "paths relative to the data root",
  ),
  conversations: described(
    z.array(z.looseObject({ from: z.enum(["human", "gpt", "system"]), value: z.string() })).check(z.minLength(1)),
    "turns; `<video>` or `<image>` marks the place of the media",
  ),
  safety_labels: z.nullish(z.looseObject({ visual: binaryLabel, textual: binaryLabel })),
  visual_safety_label: z.nullish(binaryLabel),
  textual_safety_label: z.nullish(binaryLabel),
});

/** A record of stages 1-3 in the authors' format. */
export type SftRecord = z.infer<typeof sftRecordSchema>;

/** One turn of a conversation. */
export interface ChatMessage {
  /** Who speaks. */
  readonly role: "system" | "user" | "assistant";
  /** Text, with `<video>` or `<image>` at the place of the media. */
  readonly content: string;
}

/** A sample of stages 1-3, ready for a trainer. */
export interface SftSample {
  /** Media files, or null for a text-only sample. */
  readonly media: { readonly type: "video" | "image"; readonly paths: readonly string[] } | null;
  /** Turns, the first of them by the user or the system. */
  readonly messages: readonly ChatMessage[];
  /** 0 = safe, 1 = harmful. */
  readonly labels: SafetyLabels;
}

/** Options of `sftSampleFromRecord`. */
export interface SftSampleOptions {
  /** What a record without labels means: "safe" (the authors' rule for general data, default) or an error. */
  readonly missingLabels?: "safe" | "throw";
}

/**
 * The labels of a record: `safety_labels`, else the flat fields, else the legacy marker `$v$t` in the first human turn
 * that has one; null when there is none. Accepts what the authors' processor accepts: 0/1, booleans, and the words
 * safe/harmful/false/true in any case.
 * @throws RecordError "invalid-record" for half a pair or any other value
 */
export function sftRecordLabels(record: SftRecord): SafetyLabels | null {
  const visual = record.safety_labels?.visual ?? record.visual_safety_label;
  const textual = record.safety_labels?.textual ?? record.textual_safety_label;
  if (visual != null && textual != null)
    return { visual: coerceLabel(visual, "visual"), textual: coerceLabel(textual, "textual") };
  if (visual != null || textual != null)
    throw new RecordError(
      "invalid-record",
      `expected both safety labels, found only the ${visual != null ? "visual" : "textual"} one: add the other`,
    );
  for (const turn of record.conversations) {
    const marker = turn.from === "human" ? LEGACY_MARKER.exec(turn.value) : null;
    if (marker) return { visual: coerceLabel(marker[1], "visual"), textual: coerceLabel(marker[2], "textual") };
  }
  return null;
}

/**
 * Converts a record to a sample. Turns before the first human or system turn are dropped and a missing media tag is
 * put before the first turn, as the authors' loader does (train.py at 7589dea); a legacy label marker is removed.
 * @throws RecordError "invalid-record" for unusable labels, media of both kinds, or a conversation of fewer than two turns
 */
export function sftSampleFromRecord(record: SftRecord, options: SftSampleOptions = {}): SftSample {
  if (record.video != null && record.image != null)
    throw new RecordError("invalid-record", "expected either video or image, found both: split the record in two");
  const labels = sftRecordLabels(record);
  if (labels === null && options.missingLabels === "throw")
    throw new RecordError(
      "invalid-record",
      'expected safety labels, found none: add safety_labels or pass missingLabels: "safe"',
    );
  const first = record.conversations.findIndex(({ from }) => from !== "gpt");
  const turns = first < 0 ? [] : record.conversations.slice(first);
  if (turns.length < 2)
    throw new RecordError("invalid-record", `expected a question and an answer, found ${turns.length} usable turn(s)`);
  const type = record.video != null ? "video" : "image";
  const paths = [record.video ?? record.image ?? []].flat();
  const media = paths.length > 0 ? ({ type, paths } as const) : null;
  const tag = `<${type}>`;
  const tagMissing = media !== null && turns.every(({ value }) => !value.includes(tag));
  const messages = turns.map(({ from, value }, index) => ({
    role: ROLES[from],
    content: (tagMissing && index === 0 ? tag : "") + (from === "human" ? value.replace(LEGACY_MARKER, "") : value),
  }));
  return { media, messages, labels: labels ?? { visual: SAFE, textual: SAFE } };
}

/** Writes a sample as a record in the authors' format, labels explicit. Inverse of `sftSampleFromRecord`. */
export function sftRecordFromSample(sample: SftSample): SftRecord {
  return {
    ...(sample.media && { [sample.media.type]: [...sample.media.paths] }),
    conversations: sample.messages.map(({ role, content }) => ({ from: SPEAKERS[role], value: content })),
    safety_labels: { ...sample.labels },
  };
}

const LEGACY_MARKER = /\$([01])\$([01])/;
const ROLES = { human: "user", gpt: "assistant", system: "system" } as const;
const SPEAKERS = { user: "human", assistant: "gpt", system: "system" } as const;
const LABEL_WORDS: ReadonlyMap<string, SafetyLabel> = new Map([
  ["0", SAFE],
  ["1", HARMFUL],
  ["safe", SAFE],
  ["harmful", HARMFUL],
  ["false", SAFE],
  ["true", HARMFUL],
]);

function coerceLabel(value: unknown, modality: string): SafetyLabel {
  const label = LABEL_WORDS.get(String(value).trim().toLowerCase());
  if (label === undefined)
    throw new RecordError(
      "invalid-record",
      `expected the ${modality} safety label to be 0 (safe) or 1 (harmful), found ${JSON.stringify(value)}`,
    );
  return label;
}
