import * as z from "zod";
import { isLanguageTag } from "../taxonomy/languages.js";
import { safetyLabelSchema } from "../taxonomy/safety-label.js";

const price = z.number().min(0).default(0);

/** How a model behind an OpenAI-compatible server is asked. The key is never part of it: `apiKeyEnv` names an environment variable. */
const served = z.strictObject({
  baseUrl: z.string().min(1).describe("address up to and with the version: http://127.0.0.1:8000/v1"),
  model: z.string().min(1).describe("the server's name of the model"),
  apiKeyEnv: z.string().min(1).optional().describe("environment variable that holds the key"),
  extraBody: z
    .record(z.string(), z.unknown())
    .default({})
    .describe("further members of each request; null drops one, such as seed"),
  timeoutSeconds: z.number().min(0.1).max(300).default(120).describe("of one try"),
  retries: z.int().min(0).max(100).default(3).describe("tries after the first"),
  maxResponseBytes: z
    .int()
    .min(1024)
    .default(2 ** 20)
    .describe("of an answer"),
  concurrency: z.int().min(1).max(256).default(4).describe("requests at a time"),
  promptPrice: price.describe("of a million prompt tokens, in any currency"),
  completionPrice: price.describe("of a million generated tokens"),
});
const generator = served.extend({
  temperature: z.number().min(0).max(2).nullable().default(1).describe("null: the server's own"),
  maxTokens: z.int().min(1).max(100_000).default(1024).describe("of an answer; a cut answer is dropped and counted"),
});
const judge = served.extend({
  temperature: z.number().min(0).max(2).nullable().default(0).describe("null: the server's own"),
  maxTokens: z.int().min(1).max(100_000).default(16).describe("of an answer: one digit; reasoning models need more"),
});

/** Settings of a generation, apart from the files that it reads. */
export const generationSettingsSchema = z
  .strictObject({
    count: z.int().min(1).max(1_000_000).describe("records to draw, before filters"),
    seed: z
      .int()
      .min(0)
      .max(2 ** 32 - 1)
      .default(1)
      .describe("decides every draw: record i is the same in every run"),
    languages: z
      .array(z.string().refine(isLanguageTag, { error: "expected a BCP-47 tag" }))
      .min(1)
      .optional()
      .describe("of the grammar's languages, equally often; default: all"),
    split: z.enum(["train", "heldOut"]).default("train").describe("which productions are drawn"),
    formats: z
      .array(z.enum(["sft", "cot", "rl"]))
      .min(1)
      .default(["sft"])
      .describe("stages 1 and 2, stage 3, stage 4; the last two need reasoning, the last one clips"),
    generator: generator.optional().describe("the model that writes what the grammar leaves to it"),
    judges: z
      .array(judge)
      .max(9)
      .default([])
      .describe("models that label each query; a strict majority of all must give the intended label"),
    tieBreaker: judge.optional().describe("asked where no label has a majority; without it such a record is dropped"),
    embeddings: served.optional().describe("model whose vectors find duplicates by meaning"),
    filters: z
      .strictObject({
        leakage: z
          .strictObject({ order: z.int().min(1).max(10).default(4), most: z.number().min(0).max(1).default(0.5) })
          .nullable()
          .prefault({})
          .describe("answers and labels that the query tells; null: off"),
        duplicates: z
          .strictObject({ order: z.int().min(2).max(10).default(3), threshold: z.number().gt(0).max(1).default(0.8) })
          .nullable()
          .prefault({})
          .describe("queries of one language and label with an n-gram Jaccard index from threshold up; null: off"),
        meaning: z
          .number()
          .gt(0)
          .max(1)
          .default(0.95)
          .describe("least cosine of duplicates by meaning; needs embeddings"),
        maxCharacters: z.int().min(1).max(1_000_000).default(8000).describe("of a query, a reasoning, an answer"),
      })
      .prefault({}),
    failures: z
      .enum(["stop", "drop"])
      .default("stop")
      .describe("requests that fail for good: stop before files are written, or drop their records and count them"),
    maxCost: z.number().min(0).optional().describe("no request starts once this much is spent, resumed runs included"),
  })
  .superRefine(({ judges, tieBreaker, languages }, context) => {
    const names = judges.map(({ model }) => model);
    if (new Set(names).size < names.length)
      context.addIssue({
        code: "custom",
        path: ["judges"],
        message: "expected judges of different models, found one twice",
      });
    if (tieBreaker && (judges.length < 2 || names.includes(tieBreaker.model)))
      context.addIssue({
        code: "custom",
        path: ["tieBreaker"],
        message: "expected two judges or more, and a model that is none of them",
      });
    if (languages && new Set(languages).size < languages.length)
      context.addIssue({ code: "custom", path: ["languages"], message: "expected each language once" });
  });

/** Settings of a generation, defaults filled in; see the schema for units. */
export type GenerationSettings = z.output<typeof generationSettingsSchema>;
/** A model behind a server. */
export type ServedModel = z.output<typeof served>;
/** A model that writes or judges. */
export type ChatModel = z.output<typeof generator>;

/** A clip that records can be about. */
export const clipSchema = z.strictObject({
  path: z.string().min(1).describe("media file, relative to the data root of the training"),
  type: z.enum(["video", "image"]).default("video"),
  visual: safetyLabelSchema.describe("what it shows: 0 = safe, 1 = harmful"),
  description: z
    .union([z.string().max(4000), z.record(z.string(), z.string().max(4000))])
    .optional()
    .describe("fills {clip}; one text, or one per language tag"),
});

/** A clip that records can be about. */
export type Clip = z.output<typeof clipSchema>;

/** A clip's description in a language; undefined where it has none. */
export function describeClip({ description }: Clip, language: string): string | undefined {
  if (description === undefined || typeof description === "string") return description;
  return Object.hasOwn(description, language) ? description[language] : undefined;
}
