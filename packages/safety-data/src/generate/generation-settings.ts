import * as z from "zod/mini";
import { described } from "../schema.js";
import { isLanguageTag } from "../taxonomy/languages.js";
import { safetyLabelSchema } from "../taxonomy/safety-label.js";

const whole = (least: number, most: number) => z.int().check(z.minimum(least), z.maximum(most));
const number = (least: number, most: number) => z.number().check(z.minimum(least), z.maximum(most));
const word = z.string().check(z.minLength(1));
const language = z.string().check(z.refine(isLanguageTag, { error: "expected a BCP-47 tag such as en" }));
const price = z._default(number(0, 1e9), 0);

/** How a model behind an OpenAI-compatible server is asked. The key is never part of it: `apiKeyEnv` names an environment variable. */
const served = z.strictObject({
  baseUrl: described(word, "address up to and with the version: http://127.0.0.1:8000/v1"),
  model: described(word, "the server's name of the model"),
  apiKeyEnv: described(z.optional(word), "environment variable that holds the key"),
  extraBody: described(
    z._default(z.record(z.string(), z.unknown()), {}),
    "further members of each request; null drops one, such as seed",
  ),
  timeoutSeconds: described(z._default(number(0.1, 300), 120), "seconds of one try"),
  retries: described(z._default(whole(0, 100), 3), "tries after the first"),
  maxResponseBytes: described(z._default(whole(1024, 2 ** 31), 2 ** 20), "bytes of an answer"),
  concurrency: described(z._default(whole(1, 256), 4), "requests at a time"),
  promptPrice: described(price, "of a million prompt tokens, in any currency"),
  completionPrice: described(price, "of a million generated tokens"),
});
const temperature = z.nullable(number(0, 2));
const generator = z.extend(served, {
  temperature: described(z._default(temperature, 1), "null: the server's own"),
  maxTokens: described(z._default(whole(1, 100_000), 1024), "tokens of an answer; a cut answer is dropped and counted"),
});
const judge = z.extend(served, {
  temperature: described(z._default(temperature, 0), "null: the server's own"),
  maxTokens: described(z._default(whole(1, 100_000), 16), "tokens of an answer: one digit; reasoning models need more"),
});
const leakage = z.strictObject({ order: z._default(whole(1, 10), 4), most: z._default(number(0, 1), 0.5) });
const share = z.number().check(z.positive(), z.maximum(1));
const duplicates = z.strictObject({ order: z._default(whole(2, 10), 3), threshold: z._default(share, 0.8) });

/** Settings of a generation, apart from the files that it reads. */
export const generationSettingsSchema = z
  .strictObject({
    count: described(whole(1, 1_000_000), "records to draw, before filters"),
    seed: described(z._default(whole(0, 2 ** 32 - 1), 1), "decides every draw: record i is the same in every run"),
    languages: described(
      z.optional(z.array(language).check(z.minLength(1))),
      "of the grammar's languages, equally often; default: all",
    ),
    split: described(z._default(z.enum(["train", "heldOut"]), "train"), "which productions are drawn"),
    formats: described(
      z._default(z.array(z.enum(["sft", "cot", "rl"])).check(z.minLength(1)), ["sft"]),
      "stages 1 and 2, stage 3, stage 4; the last two need reasoning, the last one clips",
    ),
    generator: described(z.optional(generator), "the model that writes what the grammar leaves to it"),
    judges: described(
      z._default(z.array(judge).check(z.maxLength(9)), []),
      "models that label each query; a strict majority of all must give the intended label",
    ),
    tieBreaker: described(
      z.optional(judge),
      "asked where no label has a majority; without it such a record is dropped",
    ),
    embeddings: described(z.optional(served), "model whose vectors find duplicates by meaning"),
    filters: z.prefault(
      z.strictObject({
        leakage: described(z.prefault(z.nullable(leakage), {}), "answers and labels that the query tells; null: off"),
        duplicates: described(
          z.prefault(z.nullable(duplicates), {}),
          "queries of one language and label with an n-gram Jaccard index from threshold up; null: off",
        ),
        meaning: described(z._default(share, 0.95), "least cosine of duplicates by meaning; needs embeddings"),
        maxCharacters: described(z._default(whole(1, 1_000_000), 8000), "of a query, a reasoning, an answer"),
      }),
      {},
    ),
    failures: described(
      z._default(z.enum(["stop", "drop"]), "stop"),
      "requests that fail for good: stop before files are written, or drop their records and count them",
    ),
    maxCost: described(z.optional(number(0, 1e9)), "no request starts once this much is spent, resumed runs included"),
  })
  .check(
    z.refine(({ judges }) => new Set(judges.map(({ model }) => model)).size === judges.length, {
      path: ["judges"],
      error: "expected judges of different models, found one twice",
    }),
    z.refine(
      ({ judges, tieBreaker }) =>
        !tieBreaker || (judges.length >= 2 && judges.every(({ model }) => model !== tieBreaker.model)),
      { path: ["tieBreaker"], error: "expected two judges or more, and a model that is none of them" },
    ),
    z.refine(({ languages = [] }) => new Set(languages).size === languages.length, {
      path: ["languages"],
      error: "expected each language once",
    }),
  );

/** Settings of a generation, defaults filled in; see the schema for units. */
export type GenerationSettings = z.output<typeof generationSettingsSchema>;
/** A model behind a server. */
export type ServedModel = z.output<typeof served>;
/** A model that writes or judges. */
export type ChatModel = z.output<typeof generator>;

const description = z.string().check(z.maxLength(4000));

/** A clip that records can be about. */
export const clipSchema = z.strictObject({
  path: described(word, "media file, relative to the data root of the training"),
  type: z._default(z.enum(["video", "image"]), "video"),
  visual: described(safetyLabelSchema, "what it shows: 0 = safe, 1 = harmful"),
  description: described(
    z.optional(z.union([description, z.record(z.string(), description)])),
    "fills {clip}; one text, or one per language tag",
  ),
});

/** A clip that records can be about. */
export type Clip = z.output<typeof clipSchema>;

/** A clip's description in a language; undefined where it has none. */
export function describeClip({ description }: Clip, language: string): string | undefined {
  if (description === undefined || typeof description === "string") return description;
  return Object.hasOwn(description, language) ? description[language] : undefined;
}
