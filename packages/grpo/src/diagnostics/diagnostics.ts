import type { GroupReport } from "../advantages/advantages.js";
import type { RewardColumn } from "../advantages/weighted-rewards.js";
import { GrpoDataError } from "../errors.js";
import type { TokenRow } from "../loss/loss-batch.js";
import { quantileSorted } from "../loss/loss-normalizers.js";

/** Why groups teach nothing, as shares of all groups. */
export interface ZeroVarianceCauses {
  /** All of them together. */
  readonly total: number;
  /** Every completion got the lowest reward: the prompts are too hard, or the format is never right. */
  readonly allLow: number;
  /** Every completion got the highest reward: the prompts are solved. */
  readonly allHigh: number;
  /** Equal somewhere between: the reward is too coarse, or the samples are copies. */
  readonly tied: number;
  /** Fewer than two completions could be judged. */
  readonly unscorable: number;
}

/**
 * Splits groups without reward variance by cause.
 *
 * @param range lowest and highest possible total reward; default the lowest and highest seen in the batch
 */
export function zeroVarianceCauses(
  groups: readonly GroupReport[],
  range?: { readonly min: number; readonly max: number },
): ZeroVarianceCauses {
  const scored = groups.filter((group) => group.count > 0);
  const min = range?.min ?? Math.min(...scored.map((group) => group.min));
  const max = range?.max ?? Math.max(...scored.map((group) => group.max));
  const counts = { allLow: 0, allHigh: 0, tied: 0, unscorable: 0 };
  for (const group of groups) {
    if (!group.zeroVariance) continue;
    if (group.count < 2) counts.unscorable++;
    else if (group.min <= min && !(min === max && range === undefined)) counts.allLow++;
    else if (group.max >= max && !(min === max && range === undefined)) counts.allHigh++;
    else counts.tied++;
  }
  const share = (count: number) => count / Math.max(groups.length, 1);
  return {
    total: share(counts.allLow + counts.allHigh + counts.tied + counts.unscorable),
    allLow: share(counts.allLow),
    allHigh: share(counts.allHigh),
    tied: share(counts.tied),
    unscorable: share(counts.unscorable),
  };
}

/** Pearson correlation over the pairs where both are finite; 0 when either has no spread. */
export function correlation(x: ArrayLike<number>, y: ArrayLike<number>): number {
  if (x.length !== y.length) throw new GrpoDataError(`cannot correlate ${x.length} values with ${y.length}`);
  const rows: number[] = [];
  for (let i = 0; i < x.length; i++) if (Number.isFinite(x[i]) && Number.isFinite(y[i])) rows.push(i);
  const mean = (values: ArrayLike<number>) =>
    rows.reduce((sum, i) => sum + (values[i] as number), 0) / Math.max(rows.length, 1);
  const [meanX, meanY] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (const i of rows) {
    const [dx, dy] = [(x[i] as number) - meanX, (y[i] as number) - meanY];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0;
}

/**
 * How much of the variance of the total reward each function explains: cov(w_k r_k, R) / var(R). The shares add up to 1
 * (a share may be negative: that function works against the others); all 0 when the total does not vary.
 */
export function rewardVarianceShares(columns: readonly RewardColumn[], weights?: readonly number[]): number[] {
  const rows = columns[0]?.length ?? 0;
  const weighted = columns.map((column, k) => column.map((reward) => (weights?.[k] ?? 1) * (reward ?? 0)));
  const judged = Array.from({ length: rows }, (_, row) => row).filter((row) => columns.some((c) => c[row] !== null));
  const total = judged.map((row) => weighted.reduce((sum, column) => sum + (column[row] as number), 0));
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1);
  const meanTotal = mean(total);
  const variance = total.reduce((sum, value) => sum + (value - meanTotal) ** 2, 0);
  return weighted.map((column) => {
    const values = judged.map((row) => column[row] as number);
    const meanValue = mean(values);
    const covariance = values.reduce(
      (sum, value, i) => sum + (value - meanValue) * ((total[i] as number) - meanTotal),
      0,
    );
    return variance > 0 ? covariance / variance : 0;
  });
}

/** Least-squares slope of values against their index (a change per step); 0 below two finite values. */
export function slope(values: readonly number[]): number {
  const points = values.map((value, index) => [index, value] as const).filter(([, value]) => Number.isFinite(value));
  if (points.length < 2) return 0;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const xy = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return xy / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}

/** Fractions at which `ratioQuantiles` reports by default. */
export const RATIO_FRACTIONS: readonly number[] = [0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1];

/** Quantiles of exp(logp - old) over the counted tokens, before any clipping; NaN when no token counts. */
export function ratioQuantiles(
  logProbs: readonly TokenRow[],
  oldLogProbs: readonly TokenRow[],
  masks?: readonly Uint8Array[],
  fractions: readonly number[] = RATIO_FRACTIONS,
): number[] {
  const drifts: number[] = [];
  logProbs.forEach((row, i) => {
    const old = oldLogProbs[i];
    if (old?.length !== row.length)
      throw new GrpoDataError(`oldLogProbs[${i}] has ${old?.length ?? "no"} tokens, expected ${row.length}`);
    for (let t = 0; t < row.length; t++)
      if (masks?.[i]?.[t] !== 0) drifts.push((row[t] as number) - (old[t] as number));
  });
  const sorted = Float64Array.from(drifts).sort().map(Math.exp);
  return fractions.map((fraction) => (sorted.length === 0 ? Number.NaN : quantileSorted(sorted, fraction)));
}
