/** State of a generator: four unsigned 32-bit words. JSON-safe. */
export type RngState = readonly [number, number, number, number];

/** A seeded generator whose every draw is a function of its state. */
export interface Rng {
  /** Current state; assign to rewind. */
  state: RngState;
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number;
  /** Standard normal (Box-Muller, one value per call). */
  normal(): number;
  /** Uniform integer in [0, n), for n up to 2^32. */
  integer(n: number): number;
}

/** A seed that is not a safe integer, or a state that is not four 32-bit words with a bit set. */
export class InvalidSeedError extends RangeError {
  /** Stable name of the decision that a caller can make. */
  readonly code = "INVALID_SEED";
  override readonly name = "InvalidSeedError";
}

const word = (x: number): number => x >>> 0;
const rotate = (x: number, k: number): number => word((x << k) | (x >>> (32 - k)));

/**
 * xoshiro128** (Blackman and Vigna, public domain), seeded by splitmix32. The same seed or state gives the same numbers on
 * every platform. Not for security.
 * @throws InvalidSeedError on a seed that is not a safe integer, or a state that is not four 32-bit words, not all zero
 */
export function createRng(seed: number | RngState): Rng {
  let [s0, s1, s2, s3] = typeof seed === "number" ? expandSeed(seed) : check(seed);
  const next = (): number => {
    const result = word(Math.imul(rotate(word(Math.imul(s1, 5)), 7), 9));
    const shifted = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= shifted;
    s3 = rotate(s3, 11);
    return result;
  };
  const uniform = (): number => ((next() >>> 5) * 67_108_864 + (next() >>> 6)) / 9_007_199_254_740_992;
  return {
    get state(): RngState {
      return [word(s0), word(s1), word(s2), word(s3)];
    },
    set state(value) {
      [s0, s1, s2, s3] = check(value);
    },
    uniform,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    integer: (n) => Math.floor(uniform() * n),
  };
}

function expandSeed(seed: number): RngState {
  if (!Number.isSafeInteger(seed)) throw new InvalidSeedError(`expected an integer seed, found ${seed}`);
  let x = word(seed ^ Math.floor(seed / 4_294_967_296));
  const mix = (): number => {
    x = word(x + 0x9e3779b9);
    let z = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return word(z ^ (z >>> 15));
  };
  return [mix(), mix(), mix(), mix()];
}

function check(state: RngState): RngState {
  const words: readonly unknown[] = Array.isArray(state) ? state : [];
  const fits = words.length === 4 && words.every((w) => Number.isInteger(w) && (w as number) === word(w as number));
  if (!fits || words.every((w) => w === 0)) {
    throw new InvalidSeedError(
      `expected a generator state of four unsigned 32-bit words, not all zero, found ${JSON.stringify(state)}`,
    );
  }
  return [...state];
}
