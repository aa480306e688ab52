/**
 * The size a static graph is built for: the next multiple of a quarter of n's power of two, at least `least`. Wastes at
 * most a fifth, and there are only four sizes an octave, so that few graphs serve every length.
 */
export function bucketSize(n: number, least = 16): number {
  if (n <= least) return least;
  const step = Math.max(least, 1, 2 ** Math.floor(Math.log2(n - 1)) / 4);
  return Math.ceil(n / step) * step;
}
