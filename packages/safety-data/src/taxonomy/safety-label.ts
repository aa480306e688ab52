import * as z from "zod/mini";
import { described } from "../schema.js";

/** Label of content that follows the policy. The benchmark's and the paper's convention: 0 = safe. */
export const SAFE = 0;
/** Label of content that breaks the policy. The benchmark's and the paper's convention: 1 = harmful. */
export const HARMFUL = 1;

/** 0 = safe, 1 = harmful, for one modality. */
export type SafetyLabel = typeof SAFE | typeof HARMFUL;

/** Schema of one label; only the numbers 0 and 1 pass, so that strings and booleans are never silently reinterpreted. */
export const safetyLabelSchema = z.union([z.literal(SAFE), z.literal(HARMFUL)]);

/** The two labels of a sample: one for what the video shows, one for what the user asks. */
export const safetyLabelsSchema = z.strictObject({
  visual: described(safetyLabelSchema, "what the video or image shows: 0 = safe, 1 = harmful"),
  textual: described(safetyLabelSchema, "what the user asks: 0 = safe, 1 = harmful"),
});

/** `{ visual, textual }`, each 0 = safe or 1 = harmful. */
export type SafetyLabels = z.infer<typeof safetyLabelsSchema>;

/** The other label. Data written before the convention was fixed had the two inverted; only an explicit call may flip. */
export function invertSafetyLabel(label: SafetyLabel): SafetyLabel {
  return label === SAFE ? HARMFUL : SAFE;
}
