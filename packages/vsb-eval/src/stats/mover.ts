import { type ClusterCount, clusteredProportion, type Interval } from "./proportion-interval.js";

/** A number with an interval. */
export interface Estimate {
  /** The number; null when it is undefined. */
  readonly value: number | null;
  /** Its interval; null when there is none. */
  readonly interval: Interval | null;
}

const NOTHING: Estimate = { value: null, interval: null };

/** An estimate that has both. */
interface Known {
  readonly value: number;
  readonly interval: Interval;
}

const known = ({ value, interval }: Estimate): Known | null =>
  value === null || interval === null ? null : { value, interval };

/**
 * a - b with an interval recovered from those of its parts (MOVER: Zou and Donner 2008): each bound lies as far away as
 * the parts' own bounds on that side, so the interval keeps a width where a bootstrap has nothing to resample.
 *
 * @param correlation of the two estimates, in [-1, 1]; 0 for independent ones, and on the safe side for positive ones.
 */
export function differenceOf(a: Estimate, b: Estimate, correlation = 0): Estimate {
  const [x, y] = [known(a), known(b)];
  const value = a.value === null || b.value === null ? null : a.value - b.value;
  if (x === null || y === null || value === null) return { value, interval: null };
  const reach = (first: number, second: number): number =>
    Math.sqrt(Math.max(0, first * first + second * second - 2 * correlation * first * second));
  return {
    value,
    interval: {
      lower: value - reach(x.value - x.interval.lower, y.interval.upper - y.value),
      upper: value + reach(x.interval.upper - x.value, y.value - y.interval.lower),
    },
  };
}

/** The mean of independent estimates, likewise. Parts without an interval count as anything in [0, 1]. */
export function meanOfRates(parts: readonly Estimate[]): Estimate {
  const values = parts.filter((part) => part.value !== null) as readonly (Estimate & { readonly value: number })[];
  if (values.length === 0) return NOTHING;
  let sum = 0;
  let below = 0;
  let above = 0;
  for (const { value, interval } of values) {
    sum += value;
    below += (value - (interval?.lower ?? 0)) ** 2;
    above += ((interval?.upper ?? 1) - value) ** 2;
  }
  const value = sum / values.length;
  return {
    value,
    interval: {
      lower: Math.max(0, value - Math.sqrt(below) / values.length),
      upper: Math.min(1, value + Math.sqrt(above) / values.length),
    },
  };
}

/** Paired 0/1 outcomes of one cluster. */
export interface PairedCluster {
  /** Pairs. */
  readonly count: number;
  /** Pairs whose first outcome is 1. */
  readonly first: number;
  /** Pairs whose second outcome is 1. */
  readonly second: number;
  /** Pairs that go from 1 to 0. */
  readonly lost: number;
  /** Pairs that go from 0 to 1. */
  readonly gained: number;
}

const proportionOf = (
  clusters: readonly PairedCluster[],
  member: "first" | "second" | "lost" | "gained",
  level: number,
): Estimate =>
  clusteredProportion(
    clusters.map((cluster): ClusterCount => ({ successes: cluster[member], count: cluster.count })),
    level,
  );

/**
 * second - first over paired, clustered outcomes: the share gained minus the share lost, with the correlation of two
 * shares of one multinomial. Never of width 0: four pairs that all flip give -1 with an interval up to about 0.
 */
export function pairedDifference(clusters: readonly PairedCluster[], level = 0.95): Estimate {
  const gained = proportionOf(clusters, "gained", level);
  const lost = proportionOf(clusters, "lost", level);
  const [p, q] = [gained.value ?? 0, lost.value ?? 0];
  const spread = (1 - p) * (1 - q);
  const { value, interval } = differenceOf(gained, lost, spread > 0 ? -Math.sqrt((p * q) / spread) : -1);
  if (interval === null) return { value, interval };
  return { value, interval: { lower: Math.max(-1, interval.lower), upper: Math.min(1, interval.upper) } };
}

/** Correlation of two sums over clusters, from their deviations; 0 when one does not vary. */
function clusterCorrelation(clusters: readonly PairedCluster[], first: number, second: number): number {
  let [xy, xx, yy] = [0, 0, 0];
  for (const cluster of clusters) {
    const x = cluster.first - cluster.count * first;
    const y = cluster.second - cluster.count * second;
    xy += x * y;
    xx += x * x;
    yy += y * y;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0;
}

/**
 * (first - second) / first over paired, clustered outcomes: 1 - second / first, the ratio's interval by MOVER (Donner and
 * Zou 2012).
 *
 * @returns value null when first is 0; interval null when first could be 0.
 */
export function pairedRelativeDrop(clusters: readonly PairedCluster[], level = 0.95): Estimate {
  const before = known(proportionOf(clusters, "first", level));
  const after = known(proportionOf(clusters, "second", level));
  const sum = (member: "first" | "second"): number => clusters.reduce((total, row) => total + row[member], 0);
  const value = sum("first") === 0 ? null : 1 - sum("second") / sum("first");
  if (before === null || after === null || value === null || before.interval.lower <= 0)
    return { value, interval: null };
  const [p, q] = [after.value, before.value];
  const { lower: l1, upper: u1 } = after.interval;
  const { lower: l2, upper: u2 } = before.interval;
  const r = clusterCorrelation(clusters, q, p);
  const bound = (side: 1 | -1, far: number, near: number): number => {
    const product = p * q - r * Math.abs(p - far) * Math.abs(near - q);
    const root = Math.sqrt(Math.max(0, product * product - far * near * (2 * p - far) * (2 * q - near)));
    return (product + side * root) / (near * (2 * q - near));
  };
  return { value, interval: { lower: 1 - bound(1, u1, l2), upper: 1 - bound(-1, l1, u2) } };
}
