import { normalCdf } from "./normal-quantile.js";

/** McNemar's test. */
export interface McNemarResult {
  /** Pairs where the first is 1 and the second 0. */
  readonly b: number;
  /** Pairs where the first is 0 and the second 1. */
  readonly c: number;
  /** Two-sided p-value. */
  readonly p: number;
  /** Which form was used. */
  readonly method: "none" | "exact" | "chi-square";
}

/** P(X <= k) for X ~ Binomial(n, 1/2), by summing the terms in logarithms. */
function halfBinomialCdf(k: number, n: number): number {
  let log = -n * Math.LN2;
  let sum = Math.exp(log);
  for (let i = 1; i <= k; i++) {
    log += Math.log((n - i + 1) / i);
    sum += Math.exp(log);
  }
  return Math.min(1, sum);
}

/**
 * McNemar's test of paired 0/1 outcomes: b + c = 0 gives p = 1; below 25 the exact binomial test; else
 * chi-square = (|b - c| - 1)^2 / (b + c) with one degree of freedom (Edwards' correction).
 */
export function mcNemar(b: number, c: number): McNemarResult {
  const n = b + c;
  if (n === 0) return { b, c, p: 1, method: "none" };
  if (n < 25) return { b, c, p: Math.min(1, 2 * halfBinomialCdf(Math.min(b, c), n)), method: "exact" };
  const chi = (Math.abs(b - c) - 1) ** 2 / n;
  return { b, c, p: 2 * normalCdf(-Math.sqrt(chi)), method: "chi-square" };
}
