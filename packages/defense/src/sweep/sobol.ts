/** Joe and Kuo's direction numbers (new-joe-kuo-6.21201) of dimensions 2 to 8: degree s, coefficients a, initial m. */
const JOE_KUO: readonly { readonly s: number; readonly a: number; readonly m: readonly number[] }[] = [
  { s: 1, a: 0, m: [1] },
  { s: 2, a: 1, m: [1, 3] },
  { s: 3, a: 1, m: [1, 3, 1] },
  { s: 3, a: 2, m: [1, 1, 1] },
  { s: 4, a: 1, m: [1, 1, 3, 3] },
  { s: 4, a: 4, m: [1, 3, 5, 13] },
  { s: 5, a: 2, m: [1, 1, 5, 5, 17] },
];
const BITS = 32;
/** Most dimensions. */
export const SOBOL_DIMENSIONS = JOE_KUO.length + 1;

function directions(dimension: number): Uint32Array {
  const v = new Uint32Array(BITS);
  if (dimension === 0) {
    for (let i = 0; i < BITS; i++) v[i] = 2 ** (31 - i);
    return v;
  }
  const { s, a, m } = JOE_KUO[dimension - 1] as (typeof JOE_KUO)[number];
  for (let i = 0; i < BITS; i++) {
    if (i < s) v[i] = (m[i] as number) * 2 ** (31 - i);
    else {
      let value = (v[i - s] as number) ^ ((v[i - s] as number) >>> s);
      for (let k = 1; k < s; k++) if ((a >>> (s - 1 - k)) & 1) value ^= v[i - k] as number;
      v[i] = value >>> 0;
    }
  }
  return v;
}

/**
 * The first points of the Sobol sequence in [0, 1), in Gray-code order from the origin on; more points fill the cube evenly at every
 * count that is a power of two (Bratley and Fox; direction numbers of Joe and Kuo, 2008).
 *
 * @throws RangeError for more dimensions than {@link SOBOL_DIMENSIONS}
 */
export function sobolPoints(count: number, dimensions: number): number[][] {
  if (!(Number.isInteger(dimensions) && dimensions >= 1 && dimensions <= SOBOL_DIMENSIONS))
    throw new RangeError(`expected 1 to ${SOBOL_DIMENSIONS} dimensions, found ${dimensions}`);
  const v = Array.from({ length: dimensions }, (_, d) => directions(d));
  const state = new Uint32Array(dimensions);
  return Array.from({ length: count }, (_, i) => {
    if (i > 0) {
      let bit = 0; // position of the lowest zero of i - 1
      for (let rest = i - 1; rest & 1; rest >>>= 1) bit += 1;
      for (let d = 0; d < dimensions; d++)
        state[d] = ((state[d] as number) ^ ((v[d] as Uint32Array)[bit] as number)) >>> 0;
    }
    return Array.from(state, (word) => word / 2 ** BITS);
  });
}
