import { z } from "zod";
import { InvalidPlanError } from "../errors.js";

const seconds = z.number();
const range = {
  startSeconds: seconds.optional().describe("first moment, in seconds since the start of the file; default: the first"),
  endSeconds: seconds.optional().describe("end of the half-open range, in seconds; default: the end of the video"),
};
const frames = z.number().int().min(1);
const rate = z.number().positive().max(1000);
const thinned = { maxFrames: frames.optional().describe("thin evenly to at most this many") };

const plans = [
  z
    .strictObject({
      type: z.literal("videollama3-reference"),
      fps: rate.nullable().default(1).describe("frames per second; null takes every frame"),
      maxFrames: frames
        .default(90)
        .describe("more frames than this are thinned by linspace; the training scripts use 90"),
      minFrames: z
        .number()
        .int()
        .min(0)
        .max(1)
        .default(1)
        .describe("1: a clip too short for one output gives its last frame"),
      ...range,
    })
    .describe("VideoLLaMA3's own loader: ffmpeg's fps filter rounding down, then a linspace cap"),
  z
    .strictObject({
      type: z.literal("videollama3-hf"),
      fps: rate.default(1).describe("frames per second"),
      minFrames: frames.default(4),
      maxFrames: frames.default(180),
      ...range,
    })
    .describe("VideoLLaMA3 as transformers samples it: evenly by frame index"),
  z
    .strictObject({
      type: z.literal("qwen2.5-vl"),
      fps: rate.default(2).describe("frames per second; ignored when frameCount is given"),
      frameCount: frames.optional().describe("rounded to an even number"),
      minFrames: frames.default(4),
      maxFrames: frames.default(768),
      ...range,
    })
    .describe("qwen-vl-utils: an even number of frames by torch.linspace"),
  z
    .strictObject({
      type: z.literal("smolvlm2"),
      fps: rate.default(1).describe("frames per second"),
      maxFrames: frames.default(64),
      skipSeconds: z.number().min(0).default(1).describe("left out at each end of long videos, in seconds"),
      ...range,
    })
    .describe("SmolVLM2 as transformers samples it"),
  z
    .strictObject({
      type: z.literal("uniform"),
      frameCount: frames.describe("evenly spaced frames, first and last included; fewer if the video has fewer"),
      ...range,
    })
    .describe("numpy.linspace over the frame indices"),
  z
    .strictObject({
      type: z.literal("fps"),
      fps: rate.describe("the frame on screen every 1 / fps seconds"),
      ...thinned,
      ...range,
    })
    .describe("the frame on screen at regular times"),
  z
    .strictObject({
      type: z.literal("timestamps"),
      timestampsSeconds: z.array(seconds.min(0)).min(1).describe("moments in seconds since the start of the file"),
      startSeconds: z.undefined().optional(),
      endSeconds: z.undefined().optional(),
    })
    .describe("the frame on screen at given moments, in the given order"),
  z
    .strictObject({
      type: z.literal("indices"),
      indices: z.array(z.number().int().min(0)).min(1).describe("positions in display order, from 0"),
      startSeconds: z.undefined().optional(),
      endSeconds: z.undefined().optional(),
    })
    .describe("frames by number, in the given order"),
  z
    .strictObject({ type: z.literal("keyframes"), ...thinned, ...range })
    .describe("the frames that decode on their own: the cheapest to get"),
  z
    .strictObject({
      type: z.literal("scene"),
      threshold: z.number().min(0).max(1).default(0.12).describe("mean colour change, 0 to 1, that counts as a cut"),
      probeFps: rate.default(4).describe("how often the video is looked at, in frames per second"),
      ...thinned,
      ...range,
    })
    .describe("one frame from the middle of every scene"),
] as const;

/** Every sampling plan, with defaults. Strict: an unknown member is an error. */
export const samplePlanSchema = z.discriminatedUnion("type", plans);

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
