import type { Interval } from "../stats/proportion-interval.js";
import { type ScoredUnit, safeOf } from "./scored-unit.js";

/** What a paired comparison could be, whatever the missing answers are. */
export interface PairBounds {
  /** Item and epoch pairs planned in both groups. */
  readonly planned: number;
  /** Pairs without a value in at least one of the two. */
  readonly missing: number;
  /** second - first at its lowest and highest; null without pairs. */
  readonly difference: Interval | null;
  /** (first - second) / first likewise; null when first could be 0. */
  readonly relativeDrop: Interval | null;
}

/** Bounds of a paired comparison: each missing value taken as 0 and as 1, whichever is worse. @param read default: d. */
export function pairBounds(
  first: readonly ScoredUnit[],
  second: readonly ScoredUnit[],
  read: (unit: ScoredUnit) => 0 | 1 | null = safeOf,
): PairBounds {
  const key = ({ item, epoch }: ScoredUnit): string => `${epoch}\u0000${item.id}`;
  const known = new Map(second.map((unit) => [key(unit), unit]));
  let planned = 0;
  let missing = 0;
  const low = [0, 0] as [number, number];
  const high = [0, 0] as [number, number];
  for (const unit of first) {
    const other = known.get(key(unit));
    if (other === undefined) continue;
    planned++;
    const values = [read(unit), read(other)] as const;
    if (values.includes(null)) missing++;
    for (const side of [0, 1] as const) {
      low[side] += values[side] ?? 0;
      high[side] += values[side] ?? 1;
    }
  }
  if (planned === 0) return { planned, missing, difference: null, relativeDrop: null };
  return {
    planned,
    missing,
    difference: { lower: (low[1] - high[0]) / planned, upper: (high[1] - low[0]) / planned },
    relativeDrop: low[0] === 0 ? null : { lower: 1 - high[1] / low[0], upper: 1 - low[1] / high[0] },
  };
}
