import { type ClusterCount, type ClusteredProportion, clusteredProportion } from "../stats/proportion-interval.js";
import { clusterOf, type ScoredUnit } from "./scored-unit.js";

/** A proportion of units with a clustered interval; see `clusteredProportion` for the members. */
export interface Rate extends Omit<ClusteredProportion, "designEffect"> {
  /** Design effect, at least 1; null for fewer than 2 clusters. */
  readonly designEffect: number | null;
  /** Why `value` is null; null when it is not. */
  readonly reason: string | null;
}

/** Whether an item names a second grouping, crossed with the clips: the template that its query was made from. */
const templateOf = ({ item }: ScoredUnit): string | null => item.template ?? null;

/**
 * Successes and counts by cluster for a 0/1 reading of units; null leaves a unit out. A unit without a group empties the
 * result: half a grouping says nothing.
 */
export function clusterCounts(
  units: Iterable<ScoredUnit>,
  read: (unit: ScoredUnit) => 0 | 1 | null,
  groupOf: (unit: ScoredUnit) => string | null = ({ item }) => clusterOf(item),
): Map<string, ClusterCount> {
  const clusters = new Map<string, { successes: number; count: number }>();
  for (const unit of units) {
    const value = read(unit);
    if (value === null) continue;
    const name = groupOf(unit);
    if (name === null) return new Map();
    const cluster = clusters.get(name) ?? { successes: 0, count: 0 };
    cluster.successes += value;
    cluster.count++;
    clusters.set(name, cluster);
  }
  return clusters;
}

/**
 * The share of units read as 1, with an interval that respects videos, and templates where every item names one.
 *
 * @param read 1, 0, or null to leave the unit out; @param emptyReason the reason given when nothing is left.
 */
export function rateOf(
  units: readonly ScoredUnit[],
  read: (unit: ScoredUnit) => 0 | 1 | null,
  emptyReason: string,
  level = 0.95,
): Rate {
  const templates = clusterCounts(units, read, templateOf);
  const proportion = clusteredProportion(clusterCounts(units, read).values(), level, templates.values());
  return { ...proportion, reason: proportion.value === null ? emptyReason : null };
}
