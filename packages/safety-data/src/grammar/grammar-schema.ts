import * as z from "zod";
import { isLanguageTag } from "../taxonomy/languages.js";
import { safetyLabelSchema } from "../taxonomy/safety-label.js";

/** Name and version of the grammar file format. */
export const GRAMMAR_FORMAT = "videosafety-grammar/1";
/** What a record can hold in words. */
export const RECORD_FIELDS = ["query", "think", "answer"] as const;
/** One of {@link RECORD_FIELDS}. */
export type RecordField = (typeof RECORD_FIELDS)[number];
/** Slots that no rule fills: the clip's description, and the query that was drawn (in a model's prompt). */
export const GIVEN_SLOTS = ["clip", "query"] as const;

const name = z.string().regex(/^[A-Za-z][\w-]{0,63}$/, "expected a name of letters, digits, _ and -, a letter first");
const text = z.string().max(2000);
const production = z.union([
  text,
  z.strictObject({
    text,
    weight: z
      .number()
      .positive()
      .max(1e6)
      .optional()
      .describe("how often, beside the rule's other productions; default 1"),
    heldOut: z.boolean().optional().describe("kept for evaluation: drawn only for the held-out split"),
  }),
]);

const kind = z.strictObject({
  id: name.describe("part of every record's provenance"),
  weight: z.number().positive().max(1e6).default(1).describe("how often, beside the language's other kinds"),
  textual: safetyLabelSchema.describe("label of the query: 0 = safe, 1 = harmful"),
  clip: z.enum(["none", "safe", "harmful", "any"]).default("none").describe("which clips come with it"),
  bind: z.array(name).max(50).default([]).describe("rules drawn once per record: the same text wherever they stand"),
  query: text.optional().describe("production of the query"),
  think: text.optional().describe("production of the reasoning"),
  answer: text.optional().describe("production of the answer"),
  model: z
    .strictObject({
      prompt: text.describe(
        "production of what a model is told; {query} stands for the query, {clip} for the clip's description",
      ),
      writes: z.array(z.enum(RECORD_FIELDS)).min(1).max(3).describe("what the model writes, instead of a production"),
    })
    .optional(),
});

/** A grammar file: productions with slots and weights, by language. See docs/safety-data.md for the syntax. */
export const grammarSchema = z.strictObject({
  format: z.literal(GRAMMAR_FORMAT),
  id: name.describe("names the grammar in every record's provenance"),
  note: z.string().max(2000).optional().describe("for readers"),
  languages: z
    .record(
      z.string().refine(isLanguageTag, { error: "expected a BCP-47 tag such as en or zh-Hans" }),
      z.strictObject({
        rules: z.record(name, z.array(production).min(1).max(5000)),
        kinds: z.array(kind).min(1).max(200),
      }),
    )
    .refine((languages) => Object.keys(languages).length > 0, { error: "expected at least one language" }),
});

/** A grammar file as written. */
export type GrammarFile = z.input<typeof grammarSchema>;
/** A kind of record in one language. */
export type GrammarKind = z.output<typeof kind>;
