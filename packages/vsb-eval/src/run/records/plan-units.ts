import type { EvalItem } from "@videosafety/safety-data";
import type { Arm } from "../../arms/arm.js";
import { armApplies, type VideoChoice } from "../../arms/arm-frames.js";
import type { Attack } from "../../attacks/attack.js";

/** A unit with its item and its arm read. */
export interface PlannedUnit {
  readonly item: EvalItem;
  readonly arm: Arm;
  readonly epoch: number;
  /** A question about the item beside its query. */
  readonly probe?: "comprehension";
}

/** What is asked: the item's query, or its comprehension question. */
export function questionOf({ item, probe }: PlannedUnit): string {
  return probe === undefined ? item.query : (item.comprehension?.question ?? item.query);
}

/** The probe that goes with a unit: where the arm shows the item's own clip and the item has a question; else null. */
export function comprehensionProbe({ item, arm, epoch, probe }: PlannedUnit): PlannedUnit | null {
  if (arm.attacks !== undefined) return null;
  const shows = ["video", "shuffled", "dup", "dup_jitter"].includes(arm.kind) && item.video !== null;
  if (probe !== undefined || item.comprehension === undefined || !shows) return null;
  return { item, arm, epoch, probe: "comprehension" };
}

/**
 * The units of a run: `chunk` items at a time, arm by arm, so that the arms of an item share one decoding and a batch
 * has one arm.
 */
export function* planUnits(
  items: readonly EvalItem[],
  arms: readonly Arm[],
  epochs: number,
  chunk: number,
  choose: VideoChoice,
  attacks: readonly Attack[] = [],
): Generator<PlannedUnit> {
  for (let start = 0; start < items.length; start += chunk) {
    const end = Math.min(start + chunk, items.length);
    for (const arm of arms) {
      for (let epoch = 0; epoch < epochs; epoch++) {
        for (let i = start; i < end; i++) {
          const item = items[i] as EvalItem;
          if (armApplies(arm, item, choose, attacks)) yield { item, arm, epoch };
        }
      }
    }
  }
}
