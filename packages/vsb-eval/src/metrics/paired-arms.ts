import { type BootstrapOptions, type BootstrapResult, clusterBootstrap } from "../stats/cluster-bootstrap.js";
import { type McNemarResult, mcNemar } from "../stats/mcnemar.js";
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
  /** second - first, in [-1, 1], with a bootstrap over videos. */
  readonly difference: { readonly value: number | null } & BootstrapResult;
  /** (first - second) / first with a bootstrap over videos, both arms together. */
  readonly relativeDrop: { readonly value: number | null } & BootstrapResult;
  /** McNemar's test over the pairs; it takes them as independent. */
  readonly mcNemar: McNemarResult;
}

/** Compares two groups of units over the items valid in both. */
export function comparePaired(pairs: readonly UnitPair[], options: BootstrapOptions): PairedComparison {
  const clusters = new Map<string, [number, number, number]>();
  let b = 0;
  let c = 0;
  const sums: [number, number, number] = [0, 0, 0];
  for (const { cluster, first, second } of pairs) {
    const row = clusters.get(cluster) ?? [0, 0, 0];
    for (const target of [row, sums]) {
      target[0] += first;
      target[1] += second;
      target[2]++;
    }
    clusters.set(cluster, row);
    if (first > second) b++;
    if (first < second) c++;
  }
  const statistics = {
    difference: (s: ArrayLike<number>) =>
      s[2] === 0 ? null : ((s[1] as number) - (s[0] as number)) / (s[2] as number),
    relativeDrop: (s: ArrayLike<number>) => (s[2] === 0 ? null : relativeDrop(s[0] as number, s[1] as number)),
  };
  const bootstrap = clusterBootstrap([...clusters.values()], statistics, options);
  const n = pairs.length;
  return {
    pairs: n,
    first: n === 0 ? null : sums[0] / n,
    second: n === 0 ? null : sums[1] / n,
    difference: { value: statistics.difference(sums), ...bootstrap.difference },
    relativeDrop: { value: statistics.relativeDrop(sums), ...bootstrap.relativeDrop },
    mcNemar: mcNemar(b, c),
  };
}
