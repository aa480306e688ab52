import { type McNemarResult, mcNemar } from "../stats/mcnemar.js";
import { type Estimate, type PairedCluster, pairedDifference, pairedRelativeDrop } from "../stats/mover.js";
import { clusterOf, type ScoredUnit, safeOf } from "./scored-unit.js";

/** (D0 - D1) / D0; null for D0 = 0. D0: without the video (or before), D1: with it (or after). Negative when D1 is higher. */
export function relativeDrop(without: number, withVideo: number): number | null {
  return without === 0 ? null : (without - withVideo) / without;
}

/** A pair of units with a value in both. */
export interface UnitPair {
  /** Cluster of the item. */
  readonly cluster: string;
  /** d of the first, or what was read instead. */
  readonly first: 0 | 1;
  /** The same of the second. */
  readonly second: 0 | 1;
  /** Id of the item. */
  readonly item: string;
}

/** Pairs units of two groups by item and epoch where both have a value. @param read default: d. */
export function pairUnits(
  first: readonly ScoredUnit[],
  second: readonly ScoredUnit[],
  read: (unit: ScoredUnit) => 0 | 1 | null = safeOf,
): UnitPair[] {
  const key = ({ item, epoch }: ScoredUnit): string => `${epoch}\u0000${item.id}`;
  const known = new Map(second.map((unit) => [key(unit), unit]));
  const pairs: UnitPair[] = [];
  for (const unit of first) {
    const other = known.get(key(unit));
    const a = read(unit);
    const b = other === undefined ? null : read(other);
    if (a !== null && b !== null)
      pairs.push({ cluster: clusterOf(unit.item), first: a, second: b, item: unit.item.id });
  }
  return pairs;
}

/** Two paired groups of units compared. */
export interface PairedComparison {
  /** Pairs with d in both. */
  readonly pairs: number;
  /** DSR of the first over the pairs; null without pairs. */
  readonly first: number | null;
  /** DSR of the second over the pairs. */
  readonly second: number | null;
  /** second - first, in [-1, 1], with an interval that respects pairs and videos. */
  readonly difference: Estimate;
  /** (first - second) / first, likewise. */
  readonly relativeDrop: Estimate;
  /** McNemar's test over the pairs; it takes them as independent. */
  readonly mcNemar: McNemarResult;
}

/** Pairs counted by cluster. */
export function pairedClusters(pairs: readonly UnitPair[]): PairedCluster[] {
  const clusters = new Map<string, { count: number; first: number; second: number; lost: number; gained: number }>();
  for (const { cluster, first, second } of pairs) {
    const row = clusters.get(cluster) ?? { count: 0, first: 0, second: 0, lost: 0, gained: 0 };
    row.count++;
    row.first += first;
    row.second += second;
    if (first > second) row.lost++;
    if (first < second) row.gained++;
    clusters.set(cluster, row);
  }
  return [...clusters.values()];
}

/** Compares two groups of units over the items valid in both. */
export function comparePaired(pairs: readonly UnitPair[], level = 0.95): PairedComparison {
  const clusters = pairedClusters(pairs);
  const sum = (member: keyof PairedCluster): number => clusters.reduce((total, row) => total + row[member], 0);
  const n = pairs.length;
  return {
    pairs: n,
    first: n === 0 ? null : sum("first") / n,
    second: n === 0 ? null : sum("second") / n,
    difference: pairedDifference(clusters, level),
    relativeDrop: pairedRelativeDrop(clusters, level),
    mcNemar: mcNemar(sum("lost"), sum("gained")),
  };
}
