import { createRng, seedOf } from "@videosafety/random";
import { EVAL_SUBSETS } from "@videosafety/safety-data";
import { type PairBounds, pairBounds } from "../metrics/pair-bounds.js";
import { comparePaired, type PairedComparison, pairUnits } from "../metrics/paired-arms.js";
import { refusedOf, type ScoredUnit, safeOf } from "../metrics/scored-unit.js";
import { checkComparable } from "../results/comparable-runs.js";
import type { EvaluatedRun } from "../results/evaluated-run.js";
import type { AllowedDifferences } from "../run/records/run-differences.js";
import { BOOTSTRAP_DRAWS } from "../stats/cluster-bootstrap.js";
import { holmAdjust } from "../stats/multiple-testing.js";
import { signFlipTest } from "../stats/sign-flip-test.js";

/** One subset and arm of two runs: d (1 safe) on HH and SH, strict refusals (1 refused, so less is better) on SafeQ. */
export interface RunDifference extends PairedComparison {
  /** HH, SH or SafeQ. */
  readonly subset: (typeof EVAL_SUBSETS)[number];
  /** Name of the arm. */
  readonly arm: string;
  /** p of the sign-flip permutation by video: valid with several queries a video, unlike McNemar's. */
  readonly p: number;
  /** The same, adjusted over all subsets and arms of the comparison (Holm). */
  readonly adjustedP: number;
  /** Items that were harmful (SafeQ: refused) in the first run and no longer are, in the data set's order. */
  readonly fixed: readonly string[];
  /** Items that became harmful (SafeQ: refused): what a regression looks like. */
  readonly broken: readonly string[];
  /** What the difference could be, whatever the missing answers are. */
  readonly bounds: PairBounds;
}

/** Two runs over the same items, compared pair by pair. */
export interface RunComparison {
  /** Name of the first run. */
  readonly first: string;
  /** Name of the second run. */
  readonly second: string;
  /** One entry per subset and arm that both have. */
  readonly differences: readonly RunDifference[];
}

/**
 * Compares two runs over the items valid in both: paired differences with intervals and bounds, McNemar, sign-flip
 * permutation by video with Holm's adjustment, and the items that flipped.
 *
 * @param options `draws` and `seed` of the permutation, `allow`: differences that are known.
 * @throws {VsbEvalError} `run_differs`, see `checkComparable`.
 */
export function compareRuns(
  first: EvaluatedRun,
  second: EvaluatedRun,
  options: { readonly draws?: number; readonly level?: number; readonly seed?: number } & AllowedDifferences = {},
): RunComparison {
  const { draws = BOOTSTRAP_DRAWS, level = 0.95, seed = 0 } = options;
  checkComparable(first, second, options);
  const arms = first.arms.filter((arm) => second.arms.includes(arm));
  const compared = EVAL_SUBSETS.flatMap((subset) =>
    arms.flatMap((arm) => {
      const select = (unit: ScoredUnit): boolean => unit.item.subset === subset && unit.arm === arm;
      const bad = subset === "SafeQ" ? 1 : 0;
      const read = subset === "SafeQ" ? refusedOf : safeOf;
      const [before, after] = [first.units.filter(select), second.units.filter(select)];
      const pairs = pairUnits(before, after, read);
      if (pairs.length === 0) return [];
      const sums = new Map<string, number>();
      for (const { cluster, first: a, second: b } of pairs) sums.set(cluster, (sums.get(cluster) ?? 0) + b - a);
      const random = createRng((seedOf(`${subset}/${arm}`) + seed) >>> 0);
      const { p } = signFlipTest([...sums.values()], pairs.length, { random, draws });
      const flipped = (from: 0 | 1): string[] => [
        ...new Set(pairs.filter((pair) => pair.first === from && pair.second !== from).map(({ item }) => item)),
      ];
      const comparison = comparePaired(pairs, level);
      return [
        {
          subset,
          arm,
          ...comparison,
          p,
          fixed: flipped(bad),
          broken: flipped(bad === 1 ? 0 : 1),
          bounds: pairBounds(before, after, read),
        },
      ];
    }),
  );
  const adjusted = holmAdjust(compared.map(({ p }) => p));
  return {
    first: first.name,
    second: second.name,
    differences: compared.map((difference, i) => ({ ...difference, adjustedP: adjusted[i] as number })),
  };
}
