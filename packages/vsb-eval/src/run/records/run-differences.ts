import type { EvalItem } from "@videosafety/safety-data";
import { VsbEvalError } from "../../errors.js";
import { itemFingerprint } from "./item-fingerprint.js";
import type { UnitRecord } from "./outcome.js";

/** What may differ between a run and what it is read or compared with; each can be allowed by name. */
export const RUN_DIFFERENCES = ["items", "judge", "sampling", "generation", "responder", "truncated"] as const;

/** One kind of difference. */
export type RunDifferenceKind = (typeof RUN_DIFFERENCES)[number];

/** Differences that a caller knows of and accepts. */
export interface AllowedDifferences {
  /** Kinds that are not refused; default none. */
  readonly allow?: readonly RunDifferenceKind[] | undefined;
}

/** A typed refusal. @throws {VsbEvalError} `run_differs`, unless the kind is allowed. */
export function refuseDifference(kind: RunDifferenceKind, message: string, { allow = [] }: AllowedDifferences): void {
  if (!allow.includes(kind)) throw new VsbEvalError("run_differs", `${message}, or allow the difference "${kind}"`);
}

const few = (ids: readonly string[]): string => ids.slice(0, 3).join(", ") + (ids.length > 3 ? ", ..." : "");

/** Refuses units whose item has changed since it was asked: another text, label, policy or video. */
export function checkUnitItems(
  units: Iterable<UnitRecord>,
  items: ReadonlyMap<string, EvalItem>,
  allowed: AllowedDifferences,
): void {
  const changed = new Set<string>();
  for (const unit of units) {
    const item = items.get(unit.item);
    if (item !== undefined && unit.itemHash !== itemFingerprint(item)) changed.add(unit.item);
  }
  if (changed.size === 0) return;
  const found = `found ${changed.size} changed since they were asked (${few([...changed])})`;
  refuseDifference("items", `expected the items of the run, ${found}: run again`, allowed);
}

/** Refuses two lists of items that share ids and differ in what stands behind them. */
export function checkSameItems(
  first: Iterable<EvalItem>,
  second: ReadonlyMap<string, EvalItem>,
  allowed: AllowedDifferences,
): void {
  const other: string[] = [];
  for (const item of first) {
    const twin = second.get(item.id);
    if (twin !== undefined && twin !== item && itemFingerprint(twin) !== itemFingerprint(item)) other.push(item.id);
  }
  const ids = [...new Set(other)];
  if (ids.length === 0) return;
  const found = `found ${ids.length} ids with other text, labels or media (${few(ids)})`;
  refuseDifference("items", `expected runs over the same items, ${found}: use one version of the items`, allowed);
}
