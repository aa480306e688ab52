import * as z from "zod";
import { isLanguageTag } from "../taxonomy/languages.js";
import { safetyLabelsSchema } from "../taxonomy/safety-label.js";

/** The benchmark's subsets: HH = harmful video + harmful query, SH = safe video + harmful query, SafeQ = safe query. */
export const EVAL_SUBSETS = ["HH", "SH", "SafeQ"] as const;

/** One of `EVAL_SUBSETS`. */
export type EvalSubset = (typeof EVAL_SUBSETS)[number];

/**
 * One item of an evaluation. The labels must be those of the subset (HH: 1, 1; SH: 0, 1; SafeQ: textual 0), which
 * catches data with the labels inverted.
 */
export const evalItemSchema = z
  .strictObject({
    id: z.string().min(1).describe("unique in the data set"),
    subset: z.enum(EVAL_SUBSETS).describe("HH, SH or SafeQ"),
    query: z.string().min(1).describe("what the user asks"),
    video: z
      .strictObject({
        path: z.string().min(1).describe("file path or URL"),
        sha256: z
          .string()
          .regex(/^[0-9a-f]{64}$/)
          .optional()
          .describe("SHA-256 of the file, lower-case hexadecimal"),
      })
      .nullable()
      .describe("null for a text-only item"),
    category: z.string().min(1).nullable().describe("category id of a taxonomy; null when the source has none"),
    subcategory: z.string().min(1).nullable().describe("leaf id of a taxonomy; null when the source has none"),
    language: z
      .string()
      .refine(isLanguageTag, {
        error: ({ input }) =>
          `expected a BCP-47 tag such as en, zh-Hans or pt-BR, found ${JSON.stringify(String(input).slice(0, 40))}`,
      })
      .describe("BCP-47 tag of the query"),
    labels: safetyLabelsSchema,
    split: z.string().optional().describe("name of the part of the data set"),
    policy: z.string().optional().describe("policy sentence for judges; default: the leaf's"),
    template: z.string().min(1).optional().describe("id of the template that the query was made from"),
    production: z.string().min(1).optional().describe("id of the film or series that several clips come from"),
    family: z.string().min(1).optional().describe("id of the group of near-copies that the clip belongs to"),
    comprehension: z
      .strictObject({
        question: z.string().min(1).describe("asked apart from the query, about what the clip shows"),
        answers: z.array(z.string().min(1)).min(1).describe("accepted answers; one of them must occur in the reply"),
      })
      .optional()
      .describe("tells a safe answer from one that is safe because the model saw nothing"),
  })
  .superRefine(({ subset, labels }, context) => {
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
  });

/** One item of an evaluation; see `evalItemSchema` for units and the rule that ties subset and labels. */
export type EvalItem = z.infer<typeof evalItemSchema>;
