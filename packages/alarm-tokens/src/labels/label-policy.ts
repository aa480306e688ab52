import type { SafetyLabel } from "@videosafety/safety-data";
import { SafetyLabelError } from "../errors.js";
import type { RecordLocation } from "./record-location.js";

/** Labels of one sample as the loss takes them; null = unknown, no loss falls on that head. */
export interface SampleLabels {
  /** What the video shows: 0 = safe, 1 = harmful, null = unknown. */
  readonly visual: SafetyLabel | null;
  /** What the user asks: 0 = safe, 1 = harmful, null = unknown. */
  readonly textual: SafetyLabel | null;
}

/** What an absent label means. Nothing is assumed silently: the defaults are errors. */
export interface LabelPolicy {
  /**
   * A sample with neither label: `error` (default), `safe` (the authors' rule for general instruction data: 0 and 0), or
   * `mask` (no loss on the heads).
   */
  readonly unlabeled?: "error" | "safe" | "mask";
  /** A sample with one label only: `error` (default) or `mask` (no loss on the other head). */
  readonly partial?: "error" | "mask";
}

/**
 * Checks the labels of one record and applies the policy for absent ones (undefined or null).
 *
 * @throws SafetyLabelError `label-invalid` for anything but the numbers 0 and 1 (NaN, "1", true), `label-incomplete` or
 *   `label-missing` as the policy says. Inverted legacy labels are converted before, with `invertRecordLabels`.
 */
export function resolveLabels(
  labels: { readonly visual?: unknown; readonly textual?: unknown } | null | undefined,
  policy: LabelPolicy = {},
  location?: RecordLocation,
): SampleLabels {
  const visual = checkLabel(labels?.visual, "visual", location);
  const textual = checkLabel(labels?.textual, "textual", location);
  if (visual === null && textual === null) {
    if (policy.unlabeled === "safe") return { visual: 0, textual: 0 };
    if (policy.unlabeled === "mask") return { visual, textual };
    throw new SafetyLabelError(
      "label-missing",
      'expected labels { visual, textual }, found none; add them or choose unlabeled: "safe" or "mask"',
      location,
    );
  }
  if ((visual === null || textual === null) && policy.partial !== "mask") {
    throw new SafetyLabelError(
      "label-incomplete",
      `expected both labels, found only the ${visual === null ? "textual" : "visual"} one; add the other or choose partial: "mask"`,
      location,
    );
  }
  return { visual, textual };
}

function checkLabel(value: unknown, modality: string, location: RecordLocation | undefined): SafetyLabel | null {
  if (value === undefined || value === null) return null;
  if (value === 0 || value === 1) return value;
  throw new SafetyLabelError(
    "label-invalid",
    `expected the ${modality} label to be the number 0 (safe) or 1 (harmful), found ${typeof value === "string" ? JSON.stringify(value) : String(value)}; correct the record (labelRecord reads the authors' words and booleans)`,
    location,
  );
}
