import * as z from "zod/mini";
import { RecordError } from "../errors.js";
import { described } from "../schema.js";
import { parseTaggedCompletion, type TaggedCompletion } from "../text/tagged-completion.js";

/** The kinds of question of stage 4, as the authors spell them; "free-form-and-choice" is the safety kind. */
export const PROBLEM_TYPES = [
  "free-form-and-choice",
  "free-form",
  "multiple choice",
  "numerical",
  "OCR",
  "regression",
] as const;

/** One of `PROBLEM_TYPES`. */
export type ProblemType = (typeof PROBLEM_TYPES)[number];

/** A record of stage 4 as the authors write it (README and train_grpo_vidlm3.py at 7589dea). Unknown keys are kept. */
export const grpoRecordSchema = z.looseObject({
  problem_id: described(z.union([z.string(), z.number()]), "identifier"),
  data_type: described(z.enum(["video", "image"]), "kind of media"),
  path: described(z.string().check(z.minLength(1)), "media file, readable on every training node"),
  problem: described(z.string().check(z.minLength(1)), "what the user asks"),
  problem_type: described(z.enum(PROBLEM_TYPES), "decides how the answer is graded"),
  solution: described(z.string().check(z.minLength(1)), "reference completion, tagged"),
  options: described(z.nullish(z.array(z.string())), "choices, only for `multiple choice`"),
});

/** A record of stage 4 in the authors' format. */
export type GrpoRecord = z.infer<typeof grpoRecordSchema>;

/** A sample of stage 4, ready for a trainer. */
export interface GrpoSample {
  /** `problem_id` as text. */
  readonly id: string;
  /** The one media file. */
  readonly media: { readonly type: "video" | "image"; readonly path: string };
  /** What the user asks, the options of a multiple choice included (one per line, like the authors' prompt). */
  readonly question: string;
  /** Decides how the answer is graded. */
  readonly problemType: ProblemType;
  /** The reference completion as written: rewards take this one. */
  readonly solution: string;
  /** The reference completion's blocks. */
  readonly reference: TaggedCompletion;
}

/**
 * Converts a record to a sample.
 * @throws RecordError "invalid-record" when a multiple choice has no options, the reference has no answer, or a safety
 * reference lacks a label 0 or 1
 */
export function grpoSampleFromRecord(record: GrpoRecord): GrpoSample {
  const options = record.options ?? [];
  if (record.problem_type === "multiple choice" && options.length === 0)
    throw new RecordError("invalid-record", "expected options for a multiple choice, found none: add options");
  const reference = parseTaggedCompletion(record.solution);
  if (reference.answer === null)
    throw new RecordError("invalid-record", "expected an <answer> block in solution, found none: tag the reference");
  if (record.problem_type === "free-form-and-choice")
    for (const tag of ["vidType", "textType"] as const)
      if (reference[tag] !== "0" && reference[tag] !== "1")
        throw new RecordError(
          "invalid-record",
          `expected <${tag}> 0 or 1 in the solution of a safety problem, found ${JSON.stringify(reference[tag])}`,
        );
  return {
    id: String(record.problem_id),
    media: { type: record.data_type, path: record.path },
    question:
      record.problem_type === "multiple choice"
        ? `${record.problem}Options:\n${options.map((option) => `${option}\n`).join("")}`
        : record.problem,
    problemType: record.problem_type,
    solution: record.solution,
    reference,
  };
}
