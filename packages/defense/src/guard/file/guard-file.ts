import { describeGuarantee, guardCalibrationSchema } from "@videosafety/alarm-tokens";
import * as z from "zod";
import { PRECISIONS } from "../../run-file/precisions.js";
import { cascadeSchema } from "./cascade-schema.js";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();

/** A guard as `videosafety guard calibrate` writes it: the calibration, and what it was made of. */
export const guardFileSchema = z.strictObject({
  format: z.literal("videosafety-guard-file-1"),
  calibration: guardCalibrationSchema,
  provenance: z.strictObject({
    checkpoint: z.strictObject({
      name: z.string().describe("directory name or hub id, as it was given; what counts is the hash"),
      sha256: sha256.describe("over the names and contents of its files, the adapter's too"),
      family: z.string(),
      precision: z.enum(PRECISIONS),
    }),
    data: z.strictObject({
      name: z.string().describe("file name of the labelled items"),
      sha256: sha256.describe("of the file"),
      split: z.string().nullable().describe("which part was read; null: all of it, the file names no parts"),
      items: count,
      safe: count.describe("items that should be answered: what the promise rests on"),
      harmful: count,
      videos: count.describe("items with a video"),
      pictures: count.describe("items with pictures"),
      textOnly: count.describe("items without either"),
    }),
    plan: z.looseObject({ type: z.string() }).describe("video-sampler's plan: which frames are looked at"),
    createdAt: z.iso.datetime(),
    version: z.string().describe("of @videosafety/defense"),
  }),
  drift: z
    .strictObject({
      shift: z.string().describe("which change of the live scores was simulated"),
      within: count.describe("requests after which 95 % of the simulated changes were found"),
      runs: count,
      found: count.describe("simulated changes that were found at all"),
      requests: count.describe("requests that each simulation went on for"),
    })
    .describe("how fast the drift alarm finds a change, by simulation on the calibration's own scores"),
  cascade: cascadeSchema.nullable(),
});

/** A guard as it is stored. */
export type GuardFile = z.infer<typeof guardFileSchema>;

/** What a guard promises, in a sentence. */
export function describePromise({ calibration, cascade }: Pick<GuardFile, "calibration" | "cascade">): string {
  if (cascade === null) return describeGuarantee(calibration);
  return `${describeGuarantee({ ...calibration, refusal: cascade.refusal })} That is the rate of all tiers together.`;
}
