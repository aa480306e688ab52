import type { Rng } from "@videosafety/random";

/** The result of {@link signFlipTest}. */
export interface SignFlipResult {
  /** Sum of the differences over all clusters, divided by `pairs`. */
  readonly difference: number;
  /** Two-sided p = (1 + #{|T*| >= |T|}) / (R + 1). */
  readonly p: number;
  /** Rng sign assignments R. */
  readonly draws: number;
}

/**
 * Sign-flip permutation test by cluster for paired outcomes with several pairs a video: under the null hypothesis the
 * sum of differences of each cluster is as likely with either sign.
 *
 * @param clusterSums sum of (second - first) in each cluster; @param pairs number of pairs, for the mean difference.
 */
export function signFlipTest(
  clusterSums: readonly number[],
  pairs: number,
  options: { readonly random: Rng; readonly draws?: number },
): SignFlipResult {
  const draws = options.draws ?? 10_000;
  const moving = clusterSums.filter((sum) => sum !== 0);
  const total = moving.reduce((sum, value) => sum + value, 0);
  // Sums of 0/1 differences are integers; the margin only matters for fractional ones.
  const threshold = Math.abs(total) - 1e-9;
  let extreme = 0;
  for (let draw = 0; draw < draws; draw++) {
    let sum = 0;
    for (const value of moving) sum += options.random.uniform() < 0.5 ? value : -value;
    if (Math.abs(sum) >= threshold) extreme++;
  }
  return { difference: pairs === 0 ? 0 : total / pairs, p: (1 + extreme) / (draws + 1), draws };
}
