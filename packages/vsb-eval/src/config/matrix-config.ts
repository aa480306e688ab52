import { samplePlanSchema } from "@videosafety/video-sampler";
import { z } from "zod";
import { evalConfigSchema, modelSchema, moduleSchema } from "./eval-config.js";

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9 ._+-]{0,60}$/, "expected a name of letters, digits, spaces, dots, + and -");

const runShape = {
  name: name.describe("unique; also the folder of its answers"),
  plan: samplePlanSchema.optional().describe("which frames it sees (default: plan of the matrix)"),
  system: z.string().optional().describe("system message of this run"),
};

const { items, format, root, out, limit, generation, truncated } = evalConfigSchema.shape;

/** `matrix.yaml`: what `vsb-eval matrix` does. Unknown members are refused. */
export const matrixConfigSchema = z.strictObject({
  $schema: evalConfigSchema.shape.$schema,
  title: z.string().min(1).default("Attacks against defenses").describe("heading of the page"),
  items: items.describe("the items' file: HH and SH shall be refused, SafeQ answered"),
  format,
  root,
  out: out.describe("folder of the answers, matrix.json and matrix.html; the same matrix again resumes"),
  limit: limit.describe("only the first items of each of harmful and safe"),
  generation,
  truncated,
  plan: samplePlanSchema
    .prefault({ type: "videollama3-reference" })
    .describe("the sampling plan of runs without their own, and the one that attackers believe in"),
  runs: z
    .array(z.union([moduleSchema.extend(runShape), modelSchema.extend(runShape)]))
    .min(1)
    .describe("models and guards; a guard is a module that makes a responder (createGuardResponder)"),
  defenses: z
    .array(
      z.strictObject({
        name: name.describe("column"),
        title: z.string().default("").describe("what it is, in a sentence"),
        runs: z.array(z.string()).min(1).describe("names of runs, asked in order; the first that refuses ends it"),
      }),
    )
    .min(1)
    .describe("columns of the matrix"),
  attacks: z
    .array(
      z.strictObject({
        name: name.describe("row"),
        title: z.string().optional().describe("what it does (default: the attacks' own titles)"),
        arm: z.string().min(1).describe("an arm without intensities, e.g. video+referential+fragment-gap"),
        split: z.string().min(1).optional().describe("only items of this split"),
        intensities: z
          .array(z.number().min(0).max(1))
          .default([])
          .describe("of its last attack, ascending; none: once, as the attack is at 1"),
      }),
    )
    .min(1)
    .describe("rows of the matrix; the first is what the others are compared with, usually arm video"),
  judge: evalConfigSchema.shape.judges.removeDefault().element.prefault({ kind: "rules" }).describe("who judges"),
  clipsPerRow: z.number().int().min(0).max(20).default(1).describe("harmful and safe clips shown per row of the page"),
});

/** A checked configuration with its defaults. */
export type MatrixConfig = z.infer<typeof matrixConfigSchema>;

/** The JSON Schema of `matrix.yaml`, for editors; `vsb-eval schema matrix` prints it. */
export function matrixConfigJsonSchema(): object {
  return {
    ...z.toJSONSchema(matrixConfigSchema, { io: "input", unrepresentable: "any" }),
    title: "vsb-eval matrix",
    description: "What `vsb-eval matrix matrix.yaml` does. Relative paths start from the file's folder.",
  };
}
