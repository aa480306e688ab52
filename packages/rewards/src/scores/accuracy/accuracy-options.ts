import { described } from "@videosafety/safety-data/schema";
import * as z from "zod/mini";
import { DEFAULT_DRA, draConfigSchema } from "./dra.js";
import { MAX_REFERENCE_CHARACTERS } from "./reference-limit.js";

/** How answers are graded. */
export const accuracyOptionsSchema = z.strictObject({
  compat: described(
    z._default(z.enum(["strict", "vsr1"]), "strict"),
    '"strict": faults fixed; "vsr1": the authors\' numbers to the last digit, faults included',
  ),
  dra: described(z._default(draConfigSchema, DEFAULT_DRA), "weights of the safety reward"),
  tokenizer: described(
    z._default(z.enum(["rouge", "unicode"]), "rouge"),
    'tokens of ROUGE: "rouge" is Google\'s a-z and 0-9, "unicode" any script; vsr1 always uses the first',
  ),
  useStemmer: described(z._default(z.boolean(), true), "Porter's stemmer in ROUGE; vsr1 always uses it"),
  maxReferenceCharacters: described(
    z._default(z.int().check(z.minimum(1)), MAX_REFERENCE_CHARACTERS),
    "longest answer of a reference that is compared word by word; beyond it the row is unscorable; not in vsr1",
  ),
  ocrUnit: described(
    z._default(z.enum(["word", "character"]), "word"),
    "unit of the OCR error rate; vsr1 always uses words",
  ),
});

/** Options of the accuracy reward, defaults filled in. */
export type AccuracyOptions = z.infer<typeof accuracyOptionsSchema>;
