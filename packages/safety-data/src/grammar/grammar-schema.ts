import * as z from "zod/mini";
import { described } from "../schema.js";
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

const name = z
  .string()
  .check(z.regex(/^[A-Za-z][\w-]{0,63}$/, "expected a name of letters, digits, _ and -, a letter first"));
const text = z.string().check(z.maxLength(2000));
const weight = z.number().check(z.positive(), z.maximum(1e6));
const production = z.union([
  text,
  z.strictObject({
    text,
    weight: described(z.optional(weight), "how often, beside the rule's other productions; default 1"),
    heldOut: described(z.optional(z.boolean()), "kept for evaluation: drawn only for the held-out split"),
  }),
]);

const kind = z.strictObject({
  id: described(name, "part of every record's provenance"),
  weight: described(z._default(weight, 1), "how often, beside the language's other kinds"),
  textual: described(safetyLabelSchema, "label of the query: 0 = safe, 1 = harmful"),
  clip: described(z._default(z.enum(["none", "safe", "harmful", "any"]), "none"), "which clips come with it"),
  bind: described(
    z._default(z.array(name).check(z.maxLength(50)), []),
    "rules drawn once per record: the same text wherever they stand",
  ),
  query: described(z.optional(text), "production of the query"),
  think: described(z.optional(text), "production of the reasoning"),
  answer: described(z.optional(text), "production of the answer"),
  model: z.optional(
    z.strictObject({
      prompt: described(
        text,
        "production of what a model is told; {query} stands for the query, {clip} for the clip's description",
      ),
      writes: described(
        z.array(z.enum(RECORD_FIELDS)).check(z.minLength(1), z.maxLength(3)),
        "what the model writes, instead of a production",
      ),
    }),
  ),
});

/** A grammar file: productions with slots and weights, by language. See docs/guide/safety-data.md for the syntax. */
export const grammarSchema = z.strictObject({
  format: z.literal(GRAMMAR_FORMAT),
  id: described(name, "names the grammar in every record's provenance"),
  note: described(z.optional(text), "for readers"),
  languages: z
    .record(
      z.string().check(z.refine(isLanguageTag, { error: "expected a BCP-47 tag such as en or zh-Hans" })),
      z.strictObject({
        rules: z.record(name, z.array(production).check(z.minLength(1), z.maxLength(5000))),
        kinds: z.array(kind).check(z.minLength(1), z.maxLength(200)),
      }),
    )
    .check(z.refine((languages) => Object.keys(languages).length > 0, { error: "expected at least one language" })),
});

/** A grammar file as written. */
export type GrammarFile = z.input<typeof grammarSchema>;
/** A kind of record in one language. */
export type GrammarKind = z.output<typeof kind>;
