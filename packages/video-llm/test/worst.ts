/** The largest difference between two lists of numbers, NaN where one holds a NaN. @throws where there is nothing, or not as much, to compare */
export function worst(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) throw new Error(`expected ${expected.length} values, found ${found.length}`);
  if (expected.length === 0) throw new Error("expected values to compare, found none");
  let most = 0;
  for (let i = 0; i < expected.length; i++)
    most = Math.max(most, Math.abs((found[i] as number) - (expected[i] as number)));
  return most;
}
