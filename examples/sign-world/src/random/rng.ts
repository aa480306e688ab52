/** A seeded generator: the interface all packages of the repository use, plus picking and shuffling. */
export interface WorldRng {
  /** Uniform in [0, 1), 32 bits of resolution. */
  uniform(): number;
  /** Uniform integer in [0, n). */
  integer(n: number): number;
  /** One element of a non-empty list. */
  pick<T>(items: readonly T[]): T;
  /** A shuffled copy (Fisher-Yates). */
  shuffle<T>(items: readonly T[]): T[];
}

/**
 * A generator keyed by words instead of by draw order: `createWorldRng(seed, "clip", 7)` gives clip 7 the same numbers
 * however many other clips are made, so asking for more clips never changes those that exist.
 *
 * sfc32 seeded by an FNV-1a hash of the key (both public domain).
 */
export function createWorldRng(...key: readonly (string | number)[]): WorldRng {
  const text = key.join("\u0000");
  let [a, b, c] = [fnv1a(text, 0x811c9dc5), fnv1a(text, 0x9747b28c), fnv1a(text, 0x01234567)];
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) next();
  const uniform = (): number => next() / 2 ** 32;
  const integer = (n: number): number => Math.floor(uniform() * n);
  return {
    uniform,
    integer,
    pick: <T>(items: readonly T[]): T => {
      if (items.length === 0) throw new RangeError("pick needs at least one item, found an empty list");
      return items[integer(items.length)] as T;
    },
    shuffle: <T>(items: readonly T[]): T[] => {
      const copy = [...items];
      for (let i = copy.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        [copy[i], copy[j]] = [copy[j] as T, copy[i] as T];
      }
      return copy;
    },
  };
}

/** What a draw in [0, 1) falls on, by shares that sum to 1. */
export function byShare<T>(draw: number, shares: readonly (readonly [T, number])[]): T {
  let left = draw;
  for (const [value, share] of shares) {
    left -= share;
    if (left < 0) return value;
  }
  return (shares.at(-1) as readonly [T, number])[0];
}

function fnv1a(text: string, basis: number): number {
  let hash = basis;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}
