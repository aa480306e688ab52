import { described } from "@videosafety/safety-data/schema";
import * as z from "zod/mini";

/** One completion on the wire. */
export const rewardItemSchema = z.strictObject({
  id: described(z.optional(z.string().check(z.maxLength(1024))), "echoed in errors; any text"),
  prompt: described(z.optional(z.string()), "what the model was asked; only some rewards read it"),
  completion: described(z.string(), "the model's text, special tokens removed"),
  solution: described(z.string(), "reference completion, tagged"),
  problem_type: described(
    z.string().check(z.maxLength(128)),
    "free-form-and-choice (safety), free-form, multiple choice, numerical, OCR or regression; any other makes accuracy and format null",
  ),
  completion_length: described(z.optional(z.int().check(z.minimum(0))), "tokens of the completion, for length rewards"),
  group_id: described(
    z.optional(z.string().check(z.maxLength(1024))),
    "completions of one prompt share it; only diagnostics read it",
  ),
});

/** One completion of a parsed request. */
export type RewardItem = z.infer<typeof rewardItemSchema>;
