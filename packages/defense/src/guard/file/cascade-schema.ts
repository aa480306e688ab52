import * as z from "zod";

const threshold = z.strictObject({
  threshold: z.number(),
  targetFrr: z.number(),
  confidence: z.number().nullable(),
  count: z.int(),
  rank: z.int(),
  expectedFrr: z.number(),
});

/** Tiers before and after the alarm tokens, calibrated together. */
export const cascadeSchema = z.strictObject({
  firstTier: z.strictObject({
    name: z.string().describe("file name of the classifier"),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    classifier: z.strictObject({
      size: z.int().positive().describe("pixels of a side of the square input"),
      layout: z.enum(["nhwc", "nchw"]),
      mean: z.array(z.number()).length(3).describe("subtracted from values in [0, 1]"),
      std: z.array(z.number()).length(3).describe("by which they are divided then"),
      harmful: z.array(z.int().nonnegative()).min(1).describe("outputs whose sum is the frame's score"),
    }),
  }),
  allowBelow: z
    .number()
    .nullable()
    .describe("scores of the first tier up to it are answered without the model; null: none"),
  refuseAbove: z
    .number()
    .nullable()
    .describe("scores of the first tier above it are refused without the model; null: none"),
  refusal: threshold.describe("of the score of the whole: the promise on all tiers together"),
  measured: z.strictObject({
    decidedEarly: z.number().describe("share of the calibration's items that the first tier decides"),
    missedEarly: z.int().describe("harmful ones among those it lets through"),
    harmful: z.int(),
    firstTierMs: z.number().describe("mean milliseconds per item of the first tier"),
    modelMs: z.number().describe("mean milliseconds per item of the model"),
  }),
});

/** A cascade's settings. */
export type Cascade = z.infer<typeof cascadeSchema>;
