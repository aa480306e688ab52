import { invertRecordLabels, type SftRecord, sftRecordLabels } from "@videosafety/safety-data";
import { SafetyLabelError } from "../errors.js";
import { type LabelPolicy, resolveLabels, type SampleLabels } from "./label-policy.js";
import type { RecordLocation } from "./record-location.js";

/**
 * The labels of a record in the authors' format, under a policy for absent ones.
 *
 * @param options `invertedLabels`: true for legacy data written with 0 = harmful, 1 = safe; nothing else flips a label.
 * @throws SafetyLabelError naming file and line.
 */
export function labelRecord(
  record: SftRecord,
  options: LabelPolicy & { readonly invertedLabels?: boolean } = {},
  location?: RecordLocation,
): SampleLabels {
  const upright = options.invertedLabels ? invertRecordLabels(record) : record;
  const given = {
    visual: upright.safety_labels?.visual ?? upright.visual_safety_label ?? null,
    textual: upright.safety_labels?.textual ?? upright.textual_safety_label ?? null,
  };
  const half = (given.visual === null) !== (given.textual === null);
  try {
    // The reader wants pairs; half a pair is completed for it and taken off again.
    const pair = half
      ? { ...upright, safety_labels: { visual: given.visual ?? 0, textual: given.textual ?? 0 } }
      : upright;
    const labels = sftRecordLabels(pair);
    if (!half) return resolveLabels(labels, options, location);
    return resolveLabels(
      {
        visual: given.visual === null ? null : labels?.visual,
        textual: given.textual === null ? null : labels?.textual,
      },
      options,
      location,
    );
  } catch (error) {
    if (error instanceof SafetyLabelError) throw error;
    throw new SafetyLabelError("label-invalid", `${(error as Error).message}; correct the record`, location);
  }
}
