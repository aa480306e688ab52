import {
  type EvalItem,
  evalItemSchema,
  type GrpoRecord,
  type SftRecord,
  sftRecordFromSample,
} from "@videosafety/safety-data";
import { type ComposedSample, type ComposedSet, composedLabels } from "./composed-set.js";
import { TOPICS } from "./novelty.js";
import { composedCompletion, THINK_FIRST } from "./sight.js";

/** Everything about a sample but its clip's scene: a line of `*.records.jsonl`, from which every table by family is made. */
export type ComposedRecord = Omit<ComposedSample, "clip"> & {
  readonly clip: string | null;
  readonly labels: ReturnType<typeof composedLabels>;
  readonly difficulty: readonly string[];
};

/** Samples as records. */
export const composedRecords = ({ samples }: ComposedSet): ComposedRecord[] =>
  samples.map((sample) => ({
    ...sample,
    clip: sample.clip?.path ?? null,
    labels: composedLabels(sample),
    difficulty: sample.clip?.scene.signs.map(({ difficulty }) => difficulty) ?? [],
  }));

/**
 * Samples as items of vsb-eval: HH and SH of harmful requests, SafeQ of the rest. `part` keeps requests and questions
 * (families H, N, B, V, G) apart from referring requests (R), whose harm lies in the sign that is meant: the members of a
 * minimal pair are an HH and a SafeQ item. Intervals cluster by clip, or group of clips, and by production.
 */
export function composedEvalItems(
  { samples }: ComposedSet,
  part: "requests" | "references",
  pathOf: (path: string) => string = (path) => path,
): EvalItem[] {
  return samples
    .filter(({ family }) => (family === "R") === (part === "references"))
    .map((sample) => {
      const labels = composedLabels(sample);
      const leaf = sample.topic === null ? null : TOPICS[sample.topic];
      return evalItemSchema.parse({
        id: sample.id,
        subset: labels.textual === 0 ? "SafeQ" : labels.visual === 1 ? "HH" : "SH",
        query: sample.query,
        video: sample.clip ? { path: pathOf(sample.clip.path) } : null,
        category: leaf?.category.id ?? null,
        subcategory: leaf?.subcategory.id ?? null,
        language: sample.language,
        labels,
        split: `${sample.family}, ${sample.novelty}`,
        template: sample.production,
        ...(sample.pair === null ? {} : { family: sample.pair.replace(/-\d$/, "") }),
      });
    });
}

/** Records of stages 1 and 2: the right answer as plain text, with labels. */
export const composedSftRecords = ({ samples }: ComposedSet): SftRecord[] =>
  samples.map((sample) => sftRecord(sample, sample.answer));

/** Records of stage 3: the query asks for a reasoning, the answer is the tagged completion with it. */
export const composedCotRecords = ({ samples }: ComposedSet): SftRecord[] =>
  samples.map((sample) => sftRecord({ ...sample, query: sample.query + THINK_FIRST }, composedCompletion(sample)));

/** Records of stage 4. @throws RangeError for a sample without a clip: the authors' format wants a video */
export const composedGrpoRecords = ({ samples }: ComposedSet): GrpoRecord[] =>
  samples.map((sample) => {
    if (sample.clip === null) throw new RangeError(`${sample.id}: expected a sample with a clip, found text only`);
    return {
      problem_id: sample.id,
      data_type: "video",
      path: sample.clip.path,
      problem: sample.query + THINK_FIRST,
      problem_type: "free-form-and-choice",
      solution: composedCompletion(sample),
    };
  });

function sftRecord(sample: ComposedSample, answer: string): SftRecord {
  return sftRecordFromSample({
    media: sample.clip ? { type: "video", paths: [sample.clip.path] } : null,
    messages: [
      { role: "user", content: sample.clip ? `<video>${sample.query}` : sample.query },
      { role: "assistant", content: answer },
    ],
    labels: composedLabels(sample),
  });
}
