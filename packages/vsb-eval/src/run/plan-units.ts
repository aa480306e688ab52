import type { EvalItem } from "@videosafety/safety-data";
import type { Arm } from "../arms/arm.js";
import { armApplies, type VideoChoice } from "../arms/arm-frames.js";

/** A unit with its item and its arm read. */
export interface PlannedUnit {
  readonly item: EvalItem;
  readonly arm: Arm;
  readonly epoch: number;
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
): Generator<PlannedUnit> {
  for (let start = 0; start < items.length; start += chunk) {
    const end = Math.min(start + chunk, items.length);
    for (const arm of arms) {
      for (let epoch = 0; epoch < epochs; epoch++) {
        for (let i = start; i < end; i++) {
          const item = items[i] as EvalItem;
          if (armApplies(arm, item, choose)) yield { item, arm, epoch };
        }
      }
    }
  }
}
