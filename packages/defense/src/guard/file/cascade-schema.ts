import * as z from "zod";

const threshold = z.strictObject({
  threshold: z.number(),
  targetFrr: z.number(),
  confidence: z.number().nullable(),
  count: z.int(),
  rank: z.int(),
  expectedFrr: z.number(),
});
const three = (what: string) => z.array(z.number()).length(3).describe(what);

/** How an image classifier is shown frames, and what of its answer counts. */
export const frameClassifierSchema = z.strictObject({
  size: z.int().positive().max(4096).describe("pixels of a side of the square input"),
  layout: z.enum(["nhwc", "nchw"]).describe("order of the input's axes"),
  mean: three("subtracted from values in [0, 1]").default([0, 0, 0]),
  std: three("by which they are divided then").default([1, 1, 1]),
  softmax: z.boolean().default(false).describe("whether the answer is logits and not probabilities"),
  harmful: z.array(z.int().nonnegative()).min(1).describe("classes whose probabilities are added up"),
});
/** Settings of a frame classifier, defaults filled in. */
export type FrameClassifierSettings = z.infer<typeof frameClassifierSchema>;

/** A fast tier over frames before the alarm tokens, calibrated together with them. */
export const cascadeSchema = z.strictObject({
  firstTier: z.strictObject({
    name: z.string().describe("file name of the classifier"),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    classifier: frameClassifierSchema,
  }),
  allowUpTo: z.number().nullable().describe("first-tier scores up to it pass without the model; null: none do"),
  refuseAbove: z
    .number()
    .nullable()
    .describe("first-tier scores above it are refused without the model; null: none are"),
  refusal: threshold.describe("of the score of the whole: the promise on both tiers together"),
  measured: z
    .strictObject({
      items: z.int().describe("calibration items that chose no threshold of the first tier"),
      decidedEarly: z.int().describe("of those, decided without the model"),
      harmful: z.int(),
      missedEarly: z.int().describe("harmful ones that the first tier lets through"),
      firstTierMs: z.number().describe("mean milliseconds per item of the first tier"),
      modelMs: z.number().describe("mean milliseconds per item of the model"),
      savedShare: z
        .number()
        .describe("share of the model's time that the cascade saves, its own time counted; below 0: it costs"),
    })
    .describe("on the machine of the calibration"),
});

/** A cascade's settings. */
export type Cascade = z.infer<typeof cascadeSchema>;
