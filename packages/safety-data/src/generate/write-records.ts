import type { GrpoRecord } from "../records/grpo-record.js";
import { type SftRecord, sftRecordFromSample } from "../records/sft-record.js";
import { formatTaggedCompletion } from "../text/tagged-completion.js";
import type { Candidate } from "./filter-records.js";

/** Where a record comes from and what it passed. Kept on each record beside the authors' members, which loaders pass over. */
export interface Provenance {
  /** Name and version of what wrote it. */
  readonly generator: string;
  readonly grammar: { readonly id: string; readonly sha256: string };
  /** Its number in the generation; with seed and grammar it is drawn again. */
  readonly index: number;
  readonly seed: number;
  readonly split: string;
  readonly language: string;
  readonly kind: string;
  readonly production: string;
  /** What a model wrote, and what it was told; null where the grammar wrote all. */
  readonly model: {
    readonly id: string;
    readonly served: string | null;
    readonly promptSha256: string;
    readonly wrote: readonly string[];
  } | null;
  /** Filters that it passed, in their order. */
  readonly filters: readonly string[];
  /** The judges' votes; null without judges. */
  readonly votes: Readonly<Record<string, 0 | 1 | null>> | null;
}

/** A record of each format that was asked for. */
export interface WrittenFormats {
  readonly sft: SftRecord[];
  readonly cot: SftRecord[];
  readonly rl: GrpoRecord[];
}

/** Writes a candidate in the authors' formats: plain answer (stages 1 and 2), tagged reasoning (stage 3), question and reference (stage 4). */
export function recordsOf(candidate: Candidate, provenance: Provenance) {
  const { draft, fields } = candidate;
  const { clip, kind } = draft;
  const labels = { visual: clip?.visual ?? 0, textual: kind.textual } as const;
  const conversation = (answer: string): SftRecord => ({
    ...sftRecordFromSample({
      media: clip && { type: clip.type, paths: [clip.path] },
      messages: [
        { role: "user", content: clip ? `<${clip.type}>${fields.query}` : fields.query },
        { role: "assistant", content: answer },
      ],
      labels,
    }),
    provenance,
  });
  const tagged = (): string =>
    formatTaggedCompletion({
      think: fields.think ?? "",
      answer: fields.answer,
      vidType: labels.visual,
      textType: labels.textual,
    });
  return {
    sft: (): SftRecord => conversation(fields.answer),
    cot: (): SftRecord => conversation(tagged()),
    rl: (): GrpoRecord => ({
      problem_id: `${provenance.grammar.id}-${provenance.seed}-${draft.index}`,
      data_type: clip?.type ?? "video",
      path: clip?.path ?? "",
      problem: fields.query,
      problem_type: "free-form-and-choice",
      solution: tagged(),
      provenance,
    }),
  };
}
