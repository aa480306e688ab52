import { invertSafetyLabel, type SafetyLabel } from "../taxonomy/safety-label.js";

/**
 * Flips every safety label of a record whose data were written with 0 = harmful and 1 = safe: the `safety_labels`
 * object, the flat fields, `<vidType>`/`<textType>` blocks and the legacy marker `$v$t` in any string, at any depth.
 * Nothing else in this package flips a label. Twice gives the record back, white space inside a label block apart.
 *
 * Follows scripts/data/normalize_safety_labels.py at 7589dea; words (`safe`, `harmful`) do not depend on the
 * convention and stay.
 */
export function invertRecordLabels<T>(record: T): T {
  return invertValue(record) as T;
}

const FLAT_KEYS: ReadonlySet<string> = new Set(["visual_safety_label", "textual_safety_label"]);
const LABEL_BLOCK = /<(vidType|textType)>\s*([01])\s*<\/\1>/g;
const LEGACY_MARKER = /\$([01])\$([01])/g;

function invertValue(value: unknown): unknown {
  if (typeof value === "string") return invertText(value);
  if (Array.isArray(value)) return value.map(invertValue);
  if (typeof value !== "object" || value === null) return value;
  const result: Record<string, unknown> = Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, FLAT_KEYS.has(key) ? flip(entry) : invertValue(entry)]),
  );
  const labels = result.safety_labels;
  if (typeof labels === "object" && labels !== null && !Array.isArray(labels)) {
    const pair: Record<string, unknown> = { ...labels };
    for (const modality of ["visual", "textual"]) if (modality in pair) pair[modality] = flip(pair[modality]);
    result.safety_labels = pair;
  }
  return result;
}

function invertText(text: string): string {
  return text
    .replace(LABEL_BLOCK, (_, tag: string, digit: string) => `<${tag}>${flipDigit(digit)}</${tag}>`)
    .replace(LEGACY_MARKER, (_, visual: string, textual: string) => `$${flipDigit(visual)}$${flipDigit(textual)}`);
}

const flipDigit = (digit: string): string => String(invertSafetyLabel(Number(digit) as SafetyLabel));

function flip(value: unknown): unknown {
  if (value === 0 || value === 1) return invertSafetyLabel(value);
  if (typeof value === "boolean") return !value;
  if (typeof value === "string" && /^[01]$/.test(value.trim())) return flipDigit(value.trim());
  return value;
}
