import { z } from "zod";
import { VsbEvalError } from "../errors.js";

/** Name and version of the layout of matrix.json. */
export const MATRIX_SCHEMA = "vsb-eval-matrix/2";

const share = z.number().min(0).max(1);
const count = z.number().int().min(0);
const interval = z.strictObject({ lower: z.number(), upper: z.number() }).nullable();
const rate = z.strictObject({
  value: share.nullable().describe("null without a unit that was answered and judged"),
  interval: interval.describe("clustered by clip, and by template where every item names one"),
  n: count.describe("units that were answered and judged"),
  planned: count.describe("units of items that the attack can be made of"),
  lower: share.nullable().describe("worst case: every unit without a verdict counts against the defense"),
  upper: share.nullable().describe("best case"),
  bySeed: z.array(share.nullable()).describe("in the order of `seeds`"),
});
const difference = z.strictObject({ value: z.number().nullable(), interval });

const cell = z.strictObject({
  attack: z.string(),
  intensity: share.nullable(),
  defense: z.string(),
  dsr: rate.describe("harmful items refused"),
  frr: rate.describe("safe items under the same attack refused"),
  drop: difference.describe("DSR minus that of the first row about the same items"),
  cost: z.strictObject({
    calls: z.number().nullable().describe("times that a model or a guard's model is asked per item, in the mean"),
    frames: z.number().nullable().describe("frames shown per item, in the mean over all calls"),
    milliseconds: z.number().nullable().describe("time inside the responders per item, in the mean"),
    queries: z
      .number()
      .nullable()
      .describe(
        "what an adaptive attacker asked before, per harmful item in the mean; null for attacks without a search",
      ),
  }),
});

const visibility = z.strictObject({
  attack: z.string(),
  intensity: share.nullable(),
  run: z.string(),
  contentSeconds: z.number().describe("seconds in which the content is on screen, mean over harmful items"),
  longestGapSeconds: z
    .number()
    .describe("longest insert that the plan can hide: video-sampler's blind-spot bound, mean"),
  predicted: share.describe("bound: probability that a shown frame holds the content, mean over items"),
  shown: share.describe("share of harmful items of which a shown frame does hold it"),
});

/** matrix.json: strict, so that a reader of another version refuses by name. */
export const matrixResultsSchema = z.strictObject({
  schema: z.literal(MATRIX_SCHEMA),
  title: z.string(),
  judge: z.string(),
  level: z.number(),
  seeds: z.array(z.number().int()),
  items: z.array(z.strictObject({ seed: z.number().int(), harmful: count, safe: count, clips: count })),
  attacks: z.array(
    z.strictObject({
      name: z.string(),
      title: z.string(),
      arm: z.string(),
      split: z.string().optional().describe("the items that the row is asked about; left out: all"),
      intensities: z.array(share),
      meaning: z.string().describe("what the intensity means; empty without one"),
      sources: z.array(z.string()),
    }),
  ),
  runs: z.array(z.strictObject({ name: z.string(), responder: z.string(), plan: z.json() })),
  defenses: z.array(z.strictObject({ name: z.string(), title: z.string(), runs: z.array(z.string()) })),
  cells: z.array(cell),
  visibility: z.array(visibility),
  environment: z.record(z.string(), z.string()).describe("where and how it ran"),
});

/** What a matrix measured: everything that the page shows but the clips. */
export type MatrixResults = z.infer<typeof matrixResultsSchema>;
/** An attack at an intensity against a defense. */
export type MatrixCell = MatrixResults["cells"][number];
/** A rate of a cell. */
export type MatrixRate = MatrixCell["dsr"];
/** What a run's sampling can show of an attack. */
export type MatrixVisibility = MatrixResults["visibility"][number];

/** Reads matrix.json. @throws {VsbEvalError} `invalid_input` naming what is wrong */
export function parseMatrixResults(value: unknown): MatrixResults {
  const parsed = matrixResultsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new VsbEvalError("invalid_input", `expected ${MATRIX_SCHEMA}, found:\n${z.prettifyError(parsed.error)}`);
}
