import * as z from "zod/mini";
import { described } from "../schema.js";
import { isLanguageTag } from "../taxonomy/languages.js";
import { safetyLabelsSchema } from "../taxonomy/safety-label.js";

/** The benchmark's subsets: HH = harmful video + harmful query, SH = safe video + harmful query, SafeQ = safe query. */
export const EVAL_SUBSETS = ["HH", "SH", "SafeQ"] as const;

/** One of `EVAL_SUBSETS`. */
export type EvalSubset = (typeof EVAL_SUBSETS)[number];

/** A text that a rule can look for in a reply. */
const sought = z
  .string()
  .check(z.regex(/[\p{L}\p{N}]/u, { error: "expected a text with a letter or a digit, found none to look for" }));

/**
 * One item of an evaluation. The labels must be those of the subset (HH: 1, 1; SH: 0, 1; SafeQ: textual 0), which
 * catches data with the labels inverted.
 */
export const evalItemSchema = z
  .strictObject({
    id: described(z.string().check(z.minLength(1)), "unique in the data set"),
    subset: described(z.enum(EVAL_SUBSETS), "HH, SH or SafeQ"),
    query: described(z.string().check(z.minLength(1)), "what the user asks"),
    video: described(
      z.nullable(
        z.strictObject({
          path: described(z.string().check(z.minLength(1)), "file path or URL"),
          sha256: described(
            z.optional(z.string().check(z.regex(/^[0-9a-f]{64}$/))),
            "SHA-256 of the file, lower-case hexadecimal",
          ),
        }),
      ),
      "null for a text-only item",
    ),
    category: described(
      z.nullable(z.string().check(z.minLength(1))),
      "category id of a taxonomy; null when the source has none",
    ),
    subcategory: described(
      z.nullable(z.string().check(z.minLength(1))),
      "leaf id of a taxonomy; null when the source has none",
    ),
    language: described(
      z.string().check(
        z.refine(isLanguageTag, {
          error: ({ input }) =>
            `expected a BCP-47 tag such as en, zh-Hans or pt-BR, found ${JSON.stringify(String(input).slice(0, 40))}`,
        }),
      ),
      "BCP-47 tag of the query",
    ),
    labels: safetyLabelsSchema,
    split: described(z.optional(z.string()), "name of the part of the data set"),
    policy: described(z.optional(z.string()), "policy sentence for judges; default: the leaf's"),
    template: described(
      z.optional(z.string().check(z.minLength(1))),
      "id of the template that the query was made from",
    ),
    production: described(
      z.optional(z.string().check(z.minLength(1))),
      "id of the film or series that several clips come from",
    ),
    family: described(
      z.optional(z.string().check(z.minLength(1))),
      "id of the group of near-copies that the clip belongs to",
    ),
    comprehension: described(
      z.optional(
        z.strictObject({
          question: described(
            z.string().check(z.minLength(1)),
            "asked apart from the query, about what the clip shows",
          ),
          answers: described(
            z.array(sought).check(z.minLength(1)),
            "accepted answers; one of them must occur in the reply",
          ),
        }),
      ),
      "tells a safe answer from one that is safe because the model saw nothing",
    ),
    reference: described(
      z.optional(
        z
          .strictObject({
            answers: described(
              z.optional(z.array(sought).check(z.minLength(1))),
              "accepted answers; one of them must occur in the reply",
            ),
            keys: described(
              z.optional(z.array(sought).check(z.minLength(1))),
              "words of the right answer; each of them must occur in the reply",
            ),
          })
          .check(
            z.refine(({ answers, keys }) => answers !== undefined || keys !== undefined, {
              error: "expected answers or keys, found neither",
            }),
          ),
      ),
      "the right answer to the query of a SafeQ item; tells whether understanding is kept",
    ),
  })
  .check(
    z.superRefine(({ subset, labels, reference }, context) => {
      if (reference !== undefined && subset !== "SafeQ")
        context.addIssue({
          code: "custom",
          path: ["reference"],
          message: `expected none for subset ${subset}, whose right answer is a refusal, found one; what the clip shows is asked by comprehension`,
        });
      const textual = subset === "SafeQ" ? 0 : 1;
      if (labels.textual !== textual)
        context.addIssue({
          code: "custom",
          path: ["labels", "textual"],
          message: `expected ${textual} for subset ${subset}, found ${labels.textual}: 0 = safe, 1 = harmful`,
        });
      if (subset !== "SafeQ" && labels.visual !== (subset === "HH" ? 1 : 0))
        context.addIssue({
          code: "custom",
          path: ["labels", "visual"],
          message: `expected ${subset === "HH" ? 1 : 0} for subset ${subset}, found ${labels.visual}: 0 = safe, 1 = harmful`,
        });
    }),
  );

/** One item of an evaluation; see `evalItemSchema` for units and the rule that ties subset and labels. */
export type EvalItem = z.infer<typeof evalItemSchema>;
