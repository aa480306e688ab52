/** The value that more than half of the voters chose; undefined for none. Voters that gave no value count as voters. */
export function strictMajority<Value>(values: readonly Value[], voters: number): Value | undefined {
  const counts = new Map<Value, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  for (const [value, count] of counts) if (2 * count > voters) return value;
  return undefined;
}
