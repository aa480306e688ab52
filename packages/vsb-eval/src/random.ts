/** A seeded generator with a saveable state. */
export interface Random {
  /** Uniform in [0, 1), 32 random bits. */
  uniform(): number;
  /** Standard normal (Box-Muller, one value a call). */
  normal(): number;
  /** Uniform integer in [0, bound), unbiased; `bound` in 1..2^32. */
  integer(bound: number): number;
  /** Four unsigned 32-bit words: pass them to {@link createRandom} to continue from here. */
  readonly state: readonly [number, number, number, number];
}

/** splitmix32: spreads one seed over the state words. */
function splitmix(seed: number): () => number {
  let x = seed >>> 0;
  return () => {
    x = (x + 0x9e3779b9) >>> 0;
    let z = x;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
}

/**
 * xoshiro128** (Blackman and Vigna 2018), seeded by splitmix32 or continued from a saved state.
 *
 * @param seed an integer (its low 32 bits are used), or the `state` of another generator.
 */
export function createRandom(seed: number | readonly [number, number, number, number]): Random {
  let a: number, b: number, c: number, d: number;
  if (typeof seed === "number") {
    const next = splitmix(seed);
    [a, b, c, d] = [next(), next(), next(), next()];
  } else {
    [a, b, c, d] = seed;
  }
  const next = (): number => {
    const m = Math.imul(b, 5);
    const result = Math.imul((m << 7) | (m >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const uniform = (): number => next() / 4294967296;
  return {
    uniform,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    integer(bound) {
      const limit = 4294967296 - (4294967296 % bound);
      let x = next();
      while (x >= limit) x = next();
      return x % bound;
    },
    get state() {
      return [a >>> 0, b >>> 0, c >>> 0, d >>> 0] as const;
    },
  };
}

/** A 32-bit FNV-1a hash of a string's UTF-16 code units: turns an id into a seed. Not for security. */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}
