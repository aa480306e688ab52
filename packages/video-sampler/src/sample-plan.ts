import { z } from "zod";
import { InvalidPlanError } from "./errors.js";

const seconds = z.number();
const range = {
  startSeconds: seconds
    .optional()
    .describe("first moment, seconds since the start of the file; default: the first frame"),
  endSeconds: seconds.optional().describe("end of the half-open range, seconds; default: the end of the video"),
};
const maxFrames = z.number().int().min(1);
const rate = z.number().positive().max(1000);

const videoLlama3Reference = z
  .strictObject({
    type: z.literal("videollama3-reference"),
    fps: rate.nullable().default(1).describe("frames per second; null takes every frame"),
    maxFrames: maxFrames
      .default(90)
      .describe("more frames than this are thinned by linspace; the training scripts use 90"),
    minFrames: z
      .number()
      .int()
      .min(0)
      .max(1)
      .default(1)
      .describe("1 gives a very short clip its last frame; 0 as the reference, none"),
    ...range,
  })
  .describe("VideoLLaMA3's own loader: ffmpeg's fps filter rounding down, then a linspace cap");

const fps = z
  .strictObject({
    type: z.literal("fps"),
    fps: rate.describe("frames per second: the frame shown at k / fps"),
    maxFrames: maxFrames.optional().describe("thin evenly to at most this many"),
    ...range,
  })
  .describe("the frame on screen at regular times");

const uniform = z
  .strictObject({
    type: z.literal("uniform"),
    frameCount: maxFrames.describe("evenly spaced frames, first and last included"),
    ...range,
  })
  .describe("numpy.linspace over the frame indices");

/** Every sampling plan, with defaults. Strict: an unknown member is an error. */
export const samplePlanSchema = z.discriminatedUnion("type", [videoLlama3Reference, fps, uniform]);

/** A sampling plan as a caller writes it; members with defaults may be left out. */
export type SamplePlan = z.input<typeof samplePlanSchema>;

/** A sampling plan with every default filled in. */
export type ResolvedPlan = z.output<typeof samplePlanSchema>;

/**
 * Validates a plan and fills in its defaults.
 * @throws InvalidPlanError naming the offending members
 */
export function resolvePlan(plan: SamplePlan): ResolvedPlan {
  const result = samplePlanSchema.safeParse(plan);
  if (!result.success) throw new InvalidPlanError(`The sampling plan is not valid:\n${z.prettifyError(result.error)}`);
  const { startSeconds, endSeconds } = result.data;
  if (startSeconds !== undefined && endSeconds !== undefined && endSeconds <= startSeconds)
    throw new InvalidPlanError(`endSeconds (${endSeconds}) must be greater than startSeconds (${startSeconds}).`);
  return result.data;
}
