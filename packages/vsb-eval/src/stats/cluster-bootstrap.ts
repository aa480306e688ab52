import type { Rng } from "@videosafety/random";
import { sampleBinomial } from "./binomial-sampler.js";
import type { Interval } from "./proportion-interval.js";

/** Draws of the reports' bootstrap. */
export const BOOTSTRAP_DRAWS = 10_000;

/** The bootstrap of one statistic. */
export interface BootstrapResult {
  /** Percentile interval; null when the statistic is undefined in more than 1 % of the draws. */
  readonly interval: Interval | null;
  /** Standard deviation of the defined draws; null without an interval. */
  readonly standardError: number | null;
  /** Draws in which the statistic was undefined. */
  readonly undefinedDraws: number;
}

/** How to draw. */
export interface BootstrapOptions {
  /** Seeded generator. */
  readonly random: Rng;
  /** Default {@link BOOTSTRAP_DRAWS}. */
  readonly draws?: number;
  /** Coverage of the intervals, default 0.95. */
  readonly level?: number;
}

interface ClusterTypes {
  /** Distinct rows [K][width]. */
  readonly rows: readonly (readonly number[])[];
  /** How many clusters have each row [K]. */
  readonly counts: readonly number[];
}

function distinctRows(clusters: readonly (readonly number[])[]): ClusterTypes {
  const index = new Map<string, number>();
  const rows: (readonly number[])[] = [];
  const counts: number[] = [];
  for (const row of clusters) {
    const key = row.join(" ");
    const known = index.get(key);
    if (known === undefined) {
      index.set(key, rows.length);
      rows.push(row);
      counts.push(1);
    } else counts[known] = (counts[known] as number) + 1;
  }
  return { rows, counts };
}

/** The q-quantile of sorted values, linear between neighbours (numpy's default). */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const position = (sorted.length - 1) * q;
  const low = Math.floor(position);
  const left = sorted[low] as number;
  const right = sorted[Math.min(low + 1, sorted.length - 1)] as number;
  return left + (right - left) * (position - low);
}

/**
 * Percentile bootstrap over clusters for statistics of sums. Each cluster is a row of sums [M] (such as defended and
 * valid counts under two arms); a draw takes C clusters with replacement and adds their rows; each
 * statistic maps the sums to a number, or to null where it is undefined.
 *
 * Clusters with equal rows are interchangeable, so a draw is a multinomial over the K distinct rows, made of K
 * binomial draws: the same distribution as drawing clusters one by one, and independent of C.
 *
 * @param clusters one row of sums [M] per cluster; @param statistics names and functions of the total [M].
 * @returns one result a statistic; for fewer than 2 clusters intervals are null.
 */
export function clusterBootstrap<Name extends string>(
  clusters: readonly (readonly number[])[],
  statistics: Readonly<Record<Name, (sums: Float64Array) => number | null>>,
  options: BootstrapOptions,
): Record<Name, BootstrapResult> {
  const draws = options.draws ?? BOOTSTRAP_DRAWS;
  const level = options.level ?? 0.95;
  const names = Object.keys(statistics) as Name[];
  const { rows, counts } = distinctRows(clusters);
  const width = rows[0]?.length ?? 0;
  const sums = new Float64Array(width);
  const values = new Map(names.map((name) => [name, new Float64Array(draws)]));
  const defined = new Map(names.map((name) => [name, 0]));
  const enough = clusters.length >= 2;

  for (let draw = 0; enough && draw < draws; draw++) {
    sums.fill(0);
    let left = clusters.length;
    let pool = clusters.length;
    for (let k = 0; k < rows.length && left > 0; k++) {
      const count = counts[k] as number;
      const taken = sampleBinomial(left, count / pool, options.random);
      left -= taken;
      pool -= count;
      if (taken === 0) continue;
      const row = rows[k] as readonly number[];
      for (let m = 0; m < width; m++) sums[m] = (sums[m] as number) + taken * (row[m] as number);
    }
    for (const name of names) {
      const value = statistics[name](sums);
      if (value === null) continue;
      const at = defined.get(name) as number;
      (values.get(name) as Float64Array)[at] = value;
      defined.set(name, at + 1);
    }
  }

  const results = names.map((name): [Name, BootstrapResult] => {
    const count = defined.get(name) as number;
    const undefinedDraws = draws - count;
    if (!enough || undefinedDraws > 0.01 * draws)
      return [name, { interval: null, standardError: null, undefinedDraws }];
    const sorted = (values.get(name) as Float64Array).subarray(0, count).sort();
    const mean = sorted.reduce((sum, value) => sum + value, 0) / count;
    const squares = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const interval = { lower: quantile(sorted, 0.5 - level / 2), upper: quantile(sorted, 0.5 + level / 2) };
    return [name, { interval, standardError: Math.sqrt(squares / Math.max(count - 1, 1)), undefinedDraws }];
  });
  return Object.fromEntries(results) as Record<Name, BootstrapResult>;
}
