import type { SeedMean } from "../results/results.js";
import type { Interval } from "../stats/proportion-interval.js";

/** A share as a percentage with one decimal; a dash for null. */
export function percent(value: number | null): string {
  return value === null ? "–" : (100 * value).toFixed(1);
}

/** An interval of shares as `low..high` in percent; "" for null. */
export function percentRange(interval: Interval | null): string {
  return interval === null ? "" : `${percent(interval.lower)}..${percent(interval.upper)}`;
}

/** A seed mean as percent, with the standard deviation over seeds where there are several. */
export function seedPercent({ mean, standardDeviation }: SeedMean): string {
  return standardDeviation === null ? percent(mean) : `${percent(mean)} ± ${percent(standardDeviation)}`;
}
