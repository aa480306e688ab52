import { normalQuantile } from "./normal-quantile.js";

/** An interval. */
export interface Interval {
  /** Lower bound. */
  readonly lower: number;
  /** Upper bound. */
  readonly upper: number;
}

/**
 * Wilson's score interval for a proportion (Wilson 1927).
 *
 * @param proportion p in [0, 1]; @param n sample size, may be fractional (an effective size); @param level default 0.95.
 * @returns null for n <= 0.
 */
export function wilsonInterval(proportion: number, n: number, level = 0.95): Interval | null {
  if (!(n > 0)) return null;
  const z = normalQuantile(0.5 + level / 2);
  const shrink = 1 / (1 + (z * z) / n);
  const centre = (proportion + (z * z) / (2 * n)) * shrink;
  const half = z * Math.sqrt((proportion * (1 - proportion)) / n + (z * z) / (4 * n * n)) * shrink;
  return {
    lower: proportion === 0 ? 0 : Math.max(0, centre - half),
    upper: proportion === 1 ? 1 : Math.min(1, centre + half),
  };
}

/** Sum and count of 0/1 observations in one cluster. */
export interface ClusterCount {
  /** Observations equal to 1. */
  readonly successes: number;
  /** Observations. */
  readonly count: number;
}

/** A proportion over clustered observations. */
export interface ClusteredProportion {
  /** Sum of successes. */
  readonly successes: number;
  /** Observations; 0 makes everything else null. */
  readonly n: number;
  /** Clusters with at least one observation. */
  readonly clusters: number;
  /** successes / n; null for n = 0. */
  readonly value: number | null;
  /** Design effect, at least 1; null for fewer than 2 clusters. */
  readonly designEffect: number | null;
  /** Wilson's interval on n / designEffect; null for fewer than 2 clusters. */
  readonly interval: Interval | null;
}

/**
 * A proportion whose interval respects clusters (several queries about one video): Wilson on n_eff = n / DEFF,
 * DEFF = max(1, V / (p (1 - p) / n)), V = C / (C - 1) sum_g (sum_{i in g} (d_i - p))^2 / n^2 (the linearised
 * between-cluster variance of a ratio mean). For p = 0 or 1 V is 0 and DEFF 1: the
 * effective size then is the number of clusters, the conservative choice, since the data cannot show the correlation.
 */
export function clusteredProportion(clusters: Iterable<ClusterCount>, level = 0.95): ClusteredProportion {
  const filled = [...clusters].filter(({ count }) => count > 0);
  let successes = 0;
  let n = 0;
  for (const cluster of filled) {
    successes += cluster.successes;
    n += cluster.count;
  }
  const base = { successes, n, clusters: filled.length };
  if (n === 0) return { ...base, value: null, designEffect: null, interval: null };
  const value = successes / n;
  const size = filled.length;
  if (size < 2) return { ...base, value, designEffect: null, interval: null };
  let squares = 0;
  for (const cluster of filled) squares += (cluster.successes - cluster.count * value) ** 2;
  const variance = ((size / (size - 1)) * squares) / (n * n);
  const binomial = (value * (1 - value)) / n;
  const designEffect = binomial === 0 ? n / size : Math.max(1, variance / binomial);
  return { ...base, value, designEffect, interval: wilsonInterval(value, n / designEffect, level) };
}
