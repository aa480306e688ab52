import * as z from "zod";

/** One completion on the wire. */
export const rewardItemSchema = z.strictObject({
  id: z.string().max(1024).optional().describe("echoed in errors; any text"),
  prompt: z.string().optional().describe("what the model was asked; only some rewards read it"),
  completion: z.string().describe("the model's text, special tokens removed"),
  solution: z.string().describe("reference completion, tagged"),
  problem_type: z
    .string()
    .max(128)
    .describe(
      "free-form-and-choice (safety), free-form, multiple choice, numerical, OCR or regression; any other makes accuracy and format null",
    ),
  completion_length: z.number().int().min(0).optional().describe("tokens of the completion, for length rewards"),
  group_id: z.string().max(1024).optional().describe("completions of one prompt share it; only diagnostics read it"),
});

/** One completion of a parsed request. */
export type RewardItem = z.infer<typeof rewardItemSchema>;
