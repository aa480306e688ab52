/** A vector that may be near another one of its group. */
export interface GroupedVector {
  readonly vector: Float32Array;
  /** Only vectors of one group are compared. */
  readonly group: string;
}

/**
 * Finds duplicates by meaning: vectors whose cosine is at least `threshold`. Goes through them in order and keeps one unless it is a duplicate of one
 * that was kept. Exact: every vector is compared with every kept one of its group, which takes the square of a group's size times the
 * vectors' length (5,000 vectors of 384 numbers: some seconds).
 *
 * @returns for each vector the index of the kept one it repeats, or null where it is kept
 * @throws RangeError for vectors of different lengths, of length 0 (a direction is needed), or a threshold outside (-1, 1]
 */
export function embeddingDuplicates(vectors: readonly GroupedVector[], threshold: number): (number | null)[] {
  if (!(threshold > -1 && threshold <= 1)) throw new RangeError(`expected a threshold in (-1, 1], found ${threshold}`);
  const size = vectors[0]?.vector.length ?? 0;
  const unit = vectors.map(({ vector }, i) => {
    if (vector.length !== size) throw new RangeError(`vector ${i}: expected ${size} numbers, found ${vector.length}`);
    const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
    if (!(norm > 0 && Number.isFinite(norm)))
      throw new RangeError(`vector ${i}: expected a finite direction, found norm ${norm}`);
    return Float64Array.from(vector, (value) => value / norm);
  });
  const kept = new Map<string, number[]>();
  return unit.map((vector, i) => {
    const { group } = vectors[i] as GroupedVector;
    const others = kept.get(group) ?? [];
    kept.set(group, others);
    const found = others.find((other) => cosine(vector, unit[other] as Float64Array) >= threshold - 1e-9);
    if (found === undefined) others.push(i);
    return found ?? null;
  });
}

function cosine(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
