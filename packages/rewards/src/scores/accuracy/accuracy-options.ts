import * as z from "zod";
import { DEFAULT_DRA, draConfigSchema } from "./dra.js";
import { MAX_REFERENCE_CHARACTERS } from "./reference-limit.js";

/** How answers are graded. */
export const accuracyOptionsSchema = z.strictObject({
  compat: z
    .enum(["strict", "vsr1"])
    .default("strict")
    .describe('"strict": faults fixed; "vsr1": the authors\' numbers to the last digit, faults included'),
  dra: draConfigSchema.default(DEFAULT_DRA).describe("weights of the safety reward"),
  tokenizer: z
    .enum(["rouge", "unicode"])
    .default("rouge")
    .describe('tokens of ROUGE: "rouge" is Google\'s a-z and 0-9, "unicode" any script; vsr1 always uses the first'),
  useStemmer: z.boolean().default(true).describe("Porter's stemmer in ROUGE; vsr1 always uses it"),
  maxReferenceCharacters: z
    .number()
    .int()
    .min(1)
    .default(MAX_REFERENCE_CHARACTERS)
    .describe(
      "longest answer of a reference that is compared word by word; beyond it the row is unscorable; not in vsr1",
    ),
  ocrUnit: z.enum(["word", "character"]).default("word").describe("unit of the OCR error rate; vsr1 always uses words"),
});

/** Options of the accuracy reward, defaults filled in. */
export type AccuracyOptions = z.infer<typeof accuracyOptionsSchema>;
