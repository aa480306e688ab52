import { z } from "zod";
import type { OpenOptions } from "../decode/open-options.js";
import type { SamplingLimits } from "../video/sampling-limits.js";
import type { OpenedSampleOptions, SampleOptions } from "./sample-options.js";

type Shape<Options> = { readonly [Name in keyof Required<Options>]: z.ZodType };

const bytes = z.number().int().positive().describe("bytes");
const whole = z.number().int().min(0);
const side = z.number().int().positive().describe("pixels");

const limits = z.strictObject({
  maxPixels: whole.optional(),
  maxOutputBytes: bytes.optional(),
  maxSourceBytes: bytes.optional(),
  maxFrames: whole.optional(),
  maxRedirects: whole.optional(),
  maxRetries: whole.max(100).optional(),
  allowPrivateAddresses: z.boolean().optional(),
  maxMemoryBytes: bytes.optional(),
} satisfies Shape<SamplingLimits>);

const opening = {
  backend: z.enum(["auto", "node-av", "ffmpeg"]).optional(),
  threads: z.number().int().positive().max(256).optional(),
  stream: z
    .union([z.literal("best"), whole])
    .optional()
    .describe("best, or the stream's index"),
  limits: limits.optional(),
  signal: z.instanceof(AbortSignal).optional(),
} satisfies Shape<OpenOptions>;

const pixels = { minPixels: side.optional(), maxPixels: side.optional() };
const modelSizes = z.discriminatedUnion("model", [
  z.strictObject({
    model: z.literal("videollama3"),
    mergeSize: side.optional(),
    minTokens: side.optional(),
    maxTokens: side.optional(),
  }),
  z.strictObject({
    model: z.literal("qwen2.5-vl"),
    ...pixels,
    totalPixels: side.optional(),
    patchSize: side.optional(),
  }),
  z.strictObject({ model: z.literal("qwen2.5-vl-hf"), ...pixels }),
  z.strictObject({ model: z.literal("qwen3-vl"), ...pixels }),
]);

const size = z.unknown().superRefine((value, context) => {
  if (value === undefined || typeof value === "function") return;
  const named = typeof value === "object" && value !== null && "model" in value;
  const result = (named ? modelSizes : z.strictObject({ height: side, width: side })).safeParse(value);
  if (!result.success) for (const issue of result.error.issues) context.addIssue({ ...issue, code: "custom" } as never);
});

const sampling = {
  size: size.optional(),
  resize: z.enum(["pillow", "fast"]).optional(),
  squarePixels: z.boolean().optional(),
  toneMap: z.boolean().optional(),
  onProgress: z.custom((value) => typeof value === "function", "expected a function").optional(),
  limits: opening.limits,
  signal: opening.signal,
} satisfies Shape<OpenedSampleOptions>;

/** Strict schema of what {@link openVideo} and {@link probe} take. */
export const openOptionsSchema = z.strictObject(opening);

/** Strict schema of what the methods of an opened video take. */
export const openedSampleOptionsSchema = z.strictObject(sampling);

/** Strict schema of what {@link sampleFrames} takes. */
export const sampleOptionsSchema = z.strictObject({
  ...opening,
  ...sampling,
  isolate: z.boolean().optional(),
  timeoutMs: z.number().positive().optional().describe("milliseconds"),
} satisfies Shape<SampleOptions>);

/** Strict schema of what {@link sampleMany} takes. */
export const sampleManyOptionsSchema = z
  .strictObject({
    ...sampleOptionsSchema.shape,
    concurrency: z.number().int().positive().optional(),
    maxBufferedBytes: bytes.optional(),
  })
  .omit({ onProgress: true, isolate: true });
