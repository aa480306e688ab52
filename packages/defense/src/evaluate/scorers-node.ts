import { pathToFileURL } from "node:url";
import type { EvaluatedRun } from "@videosafety/vsb-eval";
import { z } from "zod";
import { DefenseError } from "../errors.js";
import type { RunFile } from "../run-file/run-schema.js";

const shareSchema = z
  .strictObject({
    count: z.number().int().nonnegative().describe("answers that are so"),
    of: z.number().int().positive().describe("answers that were looked at"),
  })
  .refine(({ count, of }) => count <= of, "expected a count of at most `of`");
const scoresSchema = z.strictObject({
  scores: z.record(z.string().min(1), shareSchema).describe("counts by name"),
  understanding: z
    .strictObject({ of: z.string().min(1), right: z.number().min(0).max(1) })
    .nullable()
    .default(null)
    .describe(
      "share of right answers to what stands for understanding, and what that is: the alarm lost-understanding reads it",
    ),
});

/** What answers are worth by a user's own truth: counts by name, and what stands for understanding. */
export type Scores = z.output<typeof scoresSchema>;
/** How many of how many. */
export type ScoreShare = Scores["scores"][string];

/** What a scorer is given: a checkpoint's answers to all items and probes, under every arm. */
export interface ScorerInput {
  /** Name of the checkpoint. */
  readonly name: string;
  /** Every planned unit, unanswered ones included. */
  readonly units: EvaluatedRun["units"];
  /** The run file, with every default filled in. */
  readonly run: RunFile;
}

/** The export `score` of a module that `evaluation.scorers` names. The same answers must give the same counts. */
export type Scorer = (input: ScorerInput) => z.input<typeof scoresSchema> | Promise<z.input<typeof scoresSchema>>;
type OpenedScorer = (input: ScorerInput) => Promise<Scores>;

/** Opens the modules of a run file. @throws DefenseError `invalid-run-file` for a module without an export `score` */
export async function openScorers(paths: readonly string[]): Promise<OpenedScorer> {
  const scorers: [string, Scorer][] = [];
  for (const path of paths) {
    const wrong = (why: string, cause?: unknown): DefenseError =>
      new DefenseError("invalid-run-file", `evaluation.scorers: ${path}: ${why}`, { cause });
    const module = (await import(pathToFileURL(path).href).catch((cause: Error) => {
      throw wrong(cause.message, cause);
    })) as { score?: unknown };
    if (typeof module.score !== "function") throw wrong("expected an export `score`, a function, found none");
    scorers.push([path, module.score as Scorer]);
  }
  return async (input) => {
    const all: Scores = { scores: {}, understanding: null };
    for (const [path, score] of scorers) {
      const parsed = scoresSchema.safeParse(await score(input));
      const issue = parsed.error?.issues[0];
      if (!parsed.success)
        throw new DefenseError(
          "invalid-input",
          `${path}: expected counts of ${input.name} by name, found a mistake at ${issue?.path.join(".") || "the result"}: ${issue?.message}`,
        );
      for (const [name, share] of Object.entries(parsed.data.scores)) {
        if (Object.hasOwn(all.scores, name))
          throw new DefenseError(
            "invalid-input",
            `${path}: expected names of its own, found ${name} of another scorer`,
          );
        all.scores[name] = share;
      }
      all.understanding ??= parsed.data.understanding;
    }
    return all;
  };
}
