import { betaQuantile, studentQuantile } from "./beta-quantile.js";
import { normalQuantile } from "./normal-quantile.js";

/** An interval. */
export interface Interval {
  /** Lower bound. */
  readonly lower: number;
  /** Upper bound. */
  readonly upper: number;
}

/**
 * Wilson's score interval for a proportion of independent observations (Wilson 1927).
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

/** Clopper and Pearson's interval (1934), also for a fractional sample size as Korn and Graubard use it (1998). */
export function clopperPearsonInterval(proportion: number, n: number, level = 0.95): Interval | null {
  if (!(n > 0)) return null;
  const successes = proportion * n;
  const tail = (1 - level) / 2;
  return {
    lower: proportion <= 0 ? 0 : betaQuantile(tail, successes, n - successes + 1),
    upper: proportion >= 1 ? 1 : betaQuantile(1 - tail, successes + 1, n - successes),
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
  /** Design effect that the interval uses, at least 1; null for fewer than 2 clusters. */
  readonly designEffect: number | null;
  /** Interval on the effective sample size; null for fewer than 2 clusters. */
  readonly interval: Interval | null;
}

/** The prior of the correlation inside clusters, and how many informative clusters it weighs as much as. */
const PRIOR_CORRELATION = 0.8;
const PRIOR_WEIGHT = 8;

interface Spread {
  readonly size: number;
  /** Kish's mean cluster size as an observation sees it: sum n_g^2 / n. */
  readonly weight: number;
  /** Linearised variance of the ratio mean over the binomial one; null when the latter is 0. */
  readonly effect: number | null;
  /** Clusters that hold an observation of the rarer kind. */
  readonly informative: number;
}

function spreadOf(clusters: readonly ClusterCount[], value: number, n: number): Spread {
  const size = clusters.length;
  let squares = 0;
  let weight = 0;
  let informative = 0;
  for (const { successes, count } of clusters) {
    squares += (successes - count * value) ** 2;
    weight += count * count;
    if (value >= 0.5 ? successes < count : successes > 0) informative++;
  }
  const binomial = (value * (1 - value)) / n;
  const variance = ((size / Math.max(size - 1, 1)) * squares) / (n * n);
  return { size, weight: weight / n, effect: binomial === 0 ? null : variance / binomial, informative };
}

/** The design effect from a correlation that few informative clusters pull towards a high prior. */
function cautiousEffect({ weight, effect, informative }: Spread): number {
  if (weight <= 1) return 1;
  const estimate = effect === null ? 1 : Math.min(1, Math.max(0, (effect - 1) / (weight - 1)));
  const share = PRIOR_WEIGHT / (PRIOR_WEIGHT + informative);
  const correlation = (1 - share) * estimate + share * Math.max(PRIOR_CORRELATION, estimate);
  return 1 + (weight - 1) * (effect === null ? 1 : correlation);
}

/** Fewer groups than this in the second way are taken as fixed: the benchmark's own, not a sample. */
const FEWEST_CROSSED = 5;

/**
 * A proportion whose interval respects clusters (several queries about one video): Clopper and Pearson's on an effective
 * sample size n_eff = n / DEFF (z / t)^2 with t on clusters - 1 degrees of freedom (Korn and Graubard 1998), at most n.
 *
 * DEFF = 1 + (k - 1) rho, k = sum n_g^2 / n. The estimate of rho from the linearised between-cluster variance is far
 * too low when only a few clusters hold the rarer outcome, just where safety rates lie, so it is shrunk: rho = (1 - w)
 * estimate + w max(0.8, estimate), w = 8 / (8 + clusters with the rarer outcome). With p = 0 or 1 rho is 1: the
 * number of clusters is the sample size. Chosen by simulation, see `bench/interval-coverage.ts`.
 *
 * @param crossed counts by a second, crossed grouping (the template of a query): its excess variance adds to DEFF, and
 *   the degrees of freedom are those of the smaller grouping (after Cameron, Gelbach and Miller 2011). With fewer than 5
 *   groups they count as fixed and change nothing.
 */
export function clusteredProportion(
  clusters: Iterable<ClusterCount>,
  level = 0.95,
  crossed: Iterable<ClusterCount> = [],
): ClusteredProportion {
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
  if (filled.length < 2) return { ...base, value, designEffect: null, interval: null };
  const first = spreadOf(filled, value, n);
  const second = spreadOf(
    [...crossed].filter(({ count }) => count > 0),
    value,
    n,
  );
  const twoWay = second.size >= FEWEST_CROSSED;
  const excess = twoWay ? Math.max(0, (second.effect ?? 1) - 1) : 0;
  const designEffect = cautiousEffect(first) + excess;
  const degrees = (twoWay ? Math.min(first.size, second.size) : first.size) - 1;
  const ratio = normalQuantile(0.5 + level / 2) / studentQuantile(0.5 + level / 2, degrees);
  const effective = Math.min(n, (n / designEffect) * ratio * ratio);
  return { ...base, value, designEffect, interval: clopperPearsonInterval(value, effective, level) };
}
