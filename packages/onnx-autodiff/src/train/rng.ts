import { OnnxAutodiffError } from "../errors.js";

/** State of a generator: four unsigned 32-bit words. JSON-safe. */
export type RngState = readonly [number, number, number, number];

/** A seeded generator whose every draw is a function of its state. */
export interface Rng {
  /** Current state; assign to rewind. */
  state: RngState;
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Uniform integer in [0, n). */
  integer(n: number): number;
}

const word = (x: number): number => x >>> 0;
const rotate = (x: number, k: number): number => word((x << k) | (x >>> (32 - k)));

/**
 * xoshiro128** (Blackman and Vigna, public domain), seeded by splitmix32. The same seed or state gives the same numbers on
 * every platform.
 * @throws OnnxAutodiffError (`INVALID_SEED`) on a seed that is not a safe integer, or an all-zero state
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
  if (!Number.isSafeInteger(seed))
    throw new OnnxAutodiffError("INVALID_SEED", `expected an integer seed, found ${seed}`);
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
  const words = state.map((w) => w);
  if (
    words.length !== 4 ||
    words.some((w) => !Number.isInteger(w) || w < 0 || w > 0xffffffff) ||
    words.every((w) => w === 0)
  ) {
    throw new OnnxAutodiffError(
      "INVALID_SEED",
      `expected a generator state of four 32-bit words, not all zero, found [${words}]`,
    );
  }
  return [...state];
}
