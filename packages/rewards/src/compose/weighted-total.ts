/**
 * Weighted sum of the rewards that could judge a row (TRL's `nansum` rule): nulls are left out; null when all are.
 * @param weights one factor per reward; default 1 each
 */
export function weightedTotal(values: readonly (number | null)[], weights?: readonly number[]): number | null {
  let total: number | null = null;
  for (const [k, value] of values.entries()) if (value !== null) total = (total ?? 0) + (weights?.[k] ?? 1) * value;
  return total;
}
