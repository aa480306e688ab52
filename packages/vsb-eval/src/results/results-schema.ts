import { z } from "zod";
import { TRUNCATED_MODES } from "../run/records/truncated.js";
import { type EvaluationResults, RESULTS_SCHEMA } from "./results.js";

const share = z.number().nullable();
const count = z.number().int().min(0);
const interval = z.strictObject({ lower: z.number(), upper: z.number() }).nullable();
const rate = z.strictObject({
  successes: count,
  n: count,
  clusters: count,
  value: share,
  designEffect: z.number().min(1).nullable(),
  interval,
  reason: z.string().nullable(),
});
const coverage = {
  planned: count,
  valid: count,
  coverage: share,
  outcomes: z.strictObject({ answered: count, blocked: count, truncated: count, error: count, judge_failed: count }),
  inability: count,
  unreached: count,
};
const estimate = z.strictObject({ value: share, interval });
const cell = z.strictObject({
  category: z.string().nullable(),
  subcategory: z.string().nullable(),
  language: z.string(),
  n: count,
  successes: count,
});
const arm = z.strictObject({
  arm: z.string(),
  defense: z
    .strictObject({
      ...coverage,
      dsr: rate,
      macro: z.strictObject({ value: share, groups: count, interval }),
      system: rate,
      bounds: interval,
      worst: rate,
      best: rate,
    })
    .nullable(),
  falseRefusal: z
    .strictObject({ ...coverage, strict: rate, lenient: rate, bounds: interval, worst: rate, best: rate })
    .nullable(),
  safeCompletion: z.strictObject({ refused: rate, safe: rate, unsafe: rate }).nullable(),
  understanding: z
    .strictObject({ understood: rate, dsrUnderstood: rate, dsrMisunderstood: rate, safeUnseen: rate })
    .nullable(),
  tagged: z.strictObject({
    used: z.boolean(),
    formatRate: rate,
    vidTypeAccuracy: rate,
    textTypeAccuracy: rate,
    thinkLeak: rate,
  }),
  helpfulness: z.strictObject({ mean: z.number(), n: count, meanGivenSafe: share }).nullable(),
  load: z.strictObject({ frames: share, promptTokens: share }),
  cells: z.array(cell),
});
const drop = z.strictObject({
  arm: z.string(),
  pairs: count,
  first: share,
  second: share,
  difference: estimate,
  relativeDrop: estimate,
  mcNemar: z.strictObject({
    b: count,
    c: count,
    p: z.number(),
    method: z.enum(["none", "exact", "chi-square"]),
  }),
  bounds: z.strictObject({ planned: count, missing: count, difference: interval, relativeDrop: interval }),
});
const control = z.strictObject({
  points: z.array(z.strictObject({ frames: count, pairs: count, video: share, duplicates: share, gap: estimate })),
  tokenLoad: estimate,
  difference: estimate,
});
const agreement = z.strictObject({
  units: count,
  observed: share,
  cohenKappa: share,
  krippendorffAlpha: share,
  gwetAc1: share,
});
const subset = z.enum(["HH", "SH", "SafeQ"]);
const run = z.strictObject({
  name: z.string(),
  seed: z.number(),
  responder: z.string(),
  judge: z.string().nullable(),
  run: z.string(),
  truncated: z.enum(TRUNCATED_MODES),
  judgeAgreement: agreement.nullable(),
  subsets: z.array(z.strictObject({ subset, arms: z.array(arm), drops: z.array(drop), control: control.nullable() })),
});
const mean = z.strictObject({
  mean: share,
  standardDeviation: share,
  interval,
  bounds: interval,
  bySeed: z.array(share),
});
const row = z.strictObject({
  name: z.string(),
  seeds: z.array(z.number()),
  arm: z.string(),
  dsrHh: mean,
  dsrHhText: mean,
  dropHh: mean,
  dropHhOfMeans: share,
  dsrSh: mean,
  frr: mean,
  formatRate: mean,
  coverage: mean,
});

/** Schema of results.json; shares are in [0, 1], drops may be negative, undefined numbers are null. */
export const evaluationResultsSchema = z.strictObject({
  schema: z.literal(RESULTS_SCHEMA),
  settings: z.strictObject({ level: z.number() }),
  dataset: z.strictObject({
    items: count,
    videos: count,
    subsets: z.strictObject({ HH: count, SH: count, SafeQ: count }),
    languages: z.array(z.string()),
    categories: z.array(z.string()),
  }),
  summary: z.array(row),
  runs: z.array(run),
}) satisfies z.ZodType<EvaluationResults>;

/** The same as JSON Schema (draft 2020-12), for readers in other languages. */
export function resultsJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(evaluationResultsSchema) as Record<string, unknown>;
}
