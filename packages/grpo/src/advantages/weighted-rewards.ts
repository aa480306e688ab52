import { GrpoDataError } from "../errors.js";

/** What a reward function answers: one number per completion, or null where it cannot judge. */
export type RewardColumn = readonly (number | null)[];

/**
 * Weighted sum of reward functions, row by row. A null adds nothing; a row where every function is null is unscorable and
 * becomes NaN (TRL 1.13's nansum rule).
 *
 * @param columns one array per reward function, all of the same length
 * @param weights one weight per function; default 1 each
 * @throws GrpoDataError on different lengths or a reward that is not finite
 */
export function weightedRewards(columns: readonly RewardColumn[], weights?: readonly number[]): Float64Array {
  const rows = columns[0]?.length ?? 0;
  if (weights && weights.length !== columns.length)
    throw new GrpoDataError(`there are ${columns.length} reward functions but ${weights.length} weights`);
  const total = new Float64Array(rows);
  const scorable = new Uint8Array(rows);
  columns.forEach((column, index) => {
    if (column.length !== rows)
      throw new GrpoDataError(`reward function ${index} gave ${column.length} rewards, expected ${rows} as function 0`);
    const weight = weights?.[index] ?? 1;
    column.forEach((reward, row) => {
      if (reward === null || reward === undefined) return;
      if (!Number.isFinite(reward))
        throw new GrpoDataError(
          `reward function ${index} gave ${reward} for completion ${row}, expected a finite number or null (unscorable)`,
        );
      total[row] = (total[row] as number) + weight * reward;
      scorable[row] = 1;
    });
  });
  for (let row = 0; row < rows; row++) if (!scorable[row]) total[row] = Number.NaN;
  return total;
}
