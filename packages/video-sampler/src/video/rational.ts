/** A rational number, such as a time base in seconds per tick. */
export interface Rational {
  /** Numerator. */
  readonly num: number;
  /** Denominator, never 0. */
  readonly den: number;
}

/**
 * The closest fraction with a denominator up to 1,001,000 (the bound ffmpeg parses frame rates with), by continued fractions.
 * @param value a positive finite number
 */
export function toRational(value: number, maxDenominator = 1_001_000): Rational {
  let [previousNum, num, previousDen, den] = [0, 1, 1, 0];
  let rest = value;
  for (;;) {
    const digit = Math.floor(rest);
    const nextNum = digit * num + previousNum;
    const nextDen = digit * den + previousDen;
    if (nextDen > maxDenominator) break;
    [previousNum, num, previousDen, den] = [num, nextNum, den, nextDen];
    if (rest - digit < 1e-12 || num / den === value) break;
    rest = 1 / (rest - digit);
  }
  return { num, den };
}

/**
 * floor(ticks * timeBase * rate), exactly: which slot of 1/rate seconds a timestamp falls into.
 * @param ticks integer ticks, possibly negative
 */
export function floorTicksTimesRate(ticks: number, timeBase: Rational, rate: Rational): number {
  const numerator = BigInt(ticks) * BigInt(timeBase.num) * BigInt(rate.num);
  const denominator = BigInt(timeBase.den) * BigInt(rate.den);
  const quotient = numerator / denominator;
  return Number(numerator < 0n && quotient * denominator !== numerator ? quotient - 1n : quotient);
}
