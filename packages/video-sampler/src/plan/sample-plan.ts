import { z } from "zod";
import { InvalidPlanError } from "../errors.js";
import { suggestions } from "./suggestions.js";

const seconds = z.number();
const range = {
  startSeconds: seconds.optional().describe("first moment, in seconds since the start of the file; default: the first"),
  endSeconds: seconds.optional().describe("end of the half-open range, in seconds; default: the end of the video"),
};
const frames = z.number().int().min(1);
const rate = z.number().positive().max(1000);
/** What becomes of a clip that is shorter than the plan asks for. */
const short = z.enum(["error", "clamp", "repeat"]);
const thinned = { maxFrames: frames.optional().describe("thin evenly to at most this many") };

const qwen = {
  fps: rate.default(2).describe("frames per second; ignored when frameCount is given"),
  frameCount: frames.optional().describe("frames; made even where the model takes pairs"),
  minFrames: frames.default(4),
  maxFrames: frames.default(768),
  short: short
    .default("repeat")
    .describe(
      "a clip with fewer frames than the plan or a pair needs: an error as in the reference, all it has, or its last frame repeated",
    ),
};

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
      ...qwen,
      ...range,
    })
    .describe("Qwen2-VL and Qwen2.5-VL as qwen-vl-utils samples: an even number of frames by torch.linspace"),
  z
    .strictObject({ type: z.literal("qwen2.5-vl-hf"), ...qwen, ...range })
    .describe("Qwen2-VL and Qwen2.5-VL as transformers samples: an even number of frames by torch.arange"),
  z
    .strictObject({ type: z.literal("qwen3-vl"), ...qwen, ...range })
    .describe("Qwen3-VL as transformers samples: numpy.linspace, rounded"),
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
      frameCount: frames.describe("evenly spaced frames, first and last included"),
      short: short
        .default("clamp")
        .describe("a clip with fewer frames: an error, all it has, or its last frame repeated"),
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
      short: short.default("error").describe("moments past the end: an error, left out, or the last frame"),
      startSeconds: z.undefined().optional(),
      endSeconds: z.undefined().optional(),
    })
    .describe("the frame on screen at given moments, in the given order"),
  z
    .strictObject({
      type: z.literal("indices"),
      indices: z.array(z.number().int().min(0)).min(1).describe("positions in display order, from 0"),
      short: short.default("error").describe("positions past the end: an error, left out, or the last frame"),
      startSeconds: z.undefined().optional(),
      endSeconds: z.undefined().optional(),
    })
    .describe("frames by number, in the given order"),
  z
    .strictObject({
      type: z.literal("max-gap"),
      maxGapSeconds: z
        .number()
        .positive()
        .describe("no run of frames that is left out lasts longer: the longest insert that can stay unseen"),
      ...range,
    })
    .describe("the fewest frames that leave no longer gap than given"),
  z
    .strictObject({
      type: z.literal("jittered"),
      frameCount: frames.describe("equal stretches of time, one frame from a random moment of each"),
      seed: z
        .number()
        .int()
        .min(0)
        .describe("who makes the video must not know it; the same seed gives the same frames"),
      ...range,
    })
    .describe("one frame from a random moment of every stretch: whoever makes the video cannot know what is seen"),
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
  if (!result.success) {
    const { type } = (plan ?? {}) as { type?: unknown };
    const members = plans.find((schema) => schema.shape.type.value === type)?.shape ?? { type: undefined };
    const types = plans.map((schema) => schema.shape.type.value);
    throw new InvalidPlanError(
      `The sampling plan is not valid:\n${z.prettifyError(result.error)}${suggestions(plan, { members: Object.keys(members), values: { type: types } })}`,
    );
  }
  const { startSeconds, endSeconds } = result.data;
  if (startSeconds !== undefined && endSeconds !== undefined && endSeconds <= startSeconds)
    throw new InvalidPlanError(`endSeconds (${endSeconds}) must be greater than startSeconds (${startSeconds}).`);
  return result.data;
}
