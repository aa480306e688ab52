/**
 * The size a static graph is built for: the next multiple of n's power of two divided by `perOctave`, at least `least`.
 * With 4 sizes an octave at most a fifth is padding; with 1, at most half, but a quarter of the graphs to compile: right
 * where padding costs little.
 */
export function bucketSize(n: number, least = 16, perOctave: 1 | 2 | 4 = 4): number {
  if (n <= least) return least;
  const step = Math.max(least, 1, 2 ** Math.floor(Math.log2(n - 1)) / perOctave);
  return Math.ceil(n / step) * step;
}
