import type { Rng } from "@videosafety/random";

/** ln n!, by a table below 128 and Stirling's series above (relative error below 1e-15). */
function logFactorial(n: number): number {
  if (n < TABLE.length) return TABLE[n] as number;
  const x = n + 1;
  const inverse = 1 / (x * x);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / x;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series;
}

const TABLE = new Float64Array(128);
for (let n = 2; n < TABLE.length; n++) TABLE[n] = (TABLE[n - 1] as number) + Math.log(n);

function byInversion(n: number, p: number, random: Rng): number {
  const odds = p / (1 - p);
  let probability = (1 - p) ** n;
  let u = random.uniform();
  let k = 0;
  while (u > probability && k < n) {
    u -= probability;
    k++;
    probability *= (odds * (n - k + 1)) / k;
  }
  return k;
}

/** Transformed rejection, algorithm BTRS of Hörmann (1993), for n p >= 10 and p <= 0.5. */
function byRejection(n: number, p: number, random: Rng): number {
  const spread = Math.sqrt(n * p * (1 - p));
  const b = 1.15 + 2.53 * spread;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const centre = n * p + 0.5;
  const squeeze = 0.92 - 4.2 / b;
  const alpha = (2.83 + 5.1 / b) * spread;
  const logOdds = Math.log(p / (1 - p));
  const mode = Math.floor((n + 1) * p);
  const height = logFactorial(mode) + logFactorial(n - mode);
  for (;;) {
    const u = random.uniform() - 0.5;
    let v = random.uniform();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + centre);
    if (us >= 0.07 && v <= squeeze) return k;
    if (k < 0 || k > n) continue;
    v = Math.log((v * alpha) / (a / (us * us) + b));
    if (v <= height - logFactorial(k) - logFactorial(n - k) + (k - mode) * logOdds) return k;
  }
}

/**
 * A draw from the binomial distribution, exact up to float64 and the generator's 32-bit uniforms: constant expected
 * time for large n p, linear in n p below 10.
 *
 * @param n trials, an integer >= 0; @param p success probability in [0, 1].
 */
export function sampleBinomial(n: number, p: number, random: Rng): number {
  if (n === 0 || p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - sampleBinomial(n, 1 - p, random);
  return n * p < 10 ? byInversion(n, p, random) : byRejection(n, p, random);
}
