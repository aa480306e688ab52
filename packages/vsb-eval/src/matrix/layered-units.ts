import { VsbEvalError } from "../errors.js";
import type { ScoredUnit } from "../metrics/scored-unit.js";
import { refusedOf } from "../metrics/scored-unit.js";

/** A unit of a defense with how many of its runs were asked. */
export interface LayeredUnit {
  /** As the user would have got it. */
  readonly unit: ScoredUnit;
  /** Runs that were asked, from 1. */
  readonly asked: number;
}

/**
 * Units of several runs as one defense would have answered: the first run that refuses in full ends it, otherwise the last one's answer
 * counts. A run that failed (an error, a judge that failed, a unit that was not reached) ends it too, with its own outcome: what a guard
 * did not see is neither refused nor let through.
 *
 * @param layers units of each run, of the same items and arm in the same order
 * @throws {VsbEvalError} `invalid_input` for runs that were asked about different items
 */
export function layeredUnits(layers: readonly (readonly ScoredUnit[])[]): LayeredUnit[] {
  const [first = []] = layers;
  for (const units of layers)
    if (units.length !== first.length || units.some(({ item }, i) => item.id !== first[i]?.item.id))
      throw new VsbEvalError(
        "invalid_input",
        "expected the runs of a defense to be asked about the same items, found others: attacks of their own must apply alike",
      );
  return first.map((_, i) => {
    for (const [depth, units] of layers.entries()) {
      const unit = units[i] as ScoredUnit;
      const last = depth === layers.length - 1;
      if (last || refusedOf(unit) !== 0) return { unit, asked: depth + 1 };
    }
    throw new RangeError("expected a defense with at least one run, found none");
  });
}
