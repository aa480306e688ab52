/** Orders p-values ascending and hands each rank (from 0) to `adjust`; returns results in the input's order, in [0, 1]. */
function stepwise(pValues: readonly number[], down: boolean, adjust: (p: number, rank: number) => number): number[] {
  const order = pValues.map((_, i) => i).sort((a, b) => (pValues[a] as number) - (pValues[b] as number));
  const ranks = order.map((_, rank) => rank);
  if (!down) ranks.reverse();
  const adjusted = new Array<number>(pValues.length).fill(0);
  let bound = down ? 0 : 1;
  for (const rank of ranks) {
    const at = order[rank] as number;
    const value = Math.min(1, adjust(pValues[at] as number, rank));
    bound = down ? Math.max(bound, value) : Math.min(bound, value);
    adjusted[at] = bound;
  }
  return adjusted;
}

/** Holm's step-down adjustment (1979): controls the family-wise error rate. */
export function holmAdjust(pValues: readonly number[]): number[] {
  return stepwise(pValues, true, (p, rank) => p * (pValues.length - rank));
}

/** Benjamini and Hochberg's step-up adjustment (1995): controls the false discovery rate. */
export function benjaminiHochbergAdjust(pValues: readonly number[]): number[] {
  return stepwise(pValues, false, (p, rank) => (p * pValues.length) / (rank + 1));
}
