import { roundHalfEven2 } from "./python-number.js";

/** A number as it is written. */
export interface WrittenNumber {
  /** What stands before the percent sign, if there is one. */
  readonly value: number;
  readonly percent: boolean;
}

/**
 * Whether two numbers agree to two decimals, ties to even (Python's `round(x, 2)`). When one of them is a percentage, both are
 * compared in percent: 12.4 % is not 12.3 %, and 0.4 % is not 0.
 */
export function agreeToTwoDecimals(a: WrittenNumber, b: WrittenNumber): boolean {
  const percent = a.percent || b.percent;
  const scaled = (number: WrittenNumber): number => (percent && !number.percent ? number.value * 100 : number.value);
  return roundHalfEven2(scaled(a)) === roundHalfEven2(scaled(b));
}

/**
 * Reads an answer as one number, strictly: ASCII digits, thousands commas only in groups of three, an optional
 * fraction and exponent, `%` (divides by 100), `a/b`. LaTeX lightly, and no more than this: `$...$`, `\(...\)`,
 * `\boxed{...}`, `\frac{a}{b}` (also `\dfrac`, `\tfrac`), `\%`. No units, words, equations, underscores, hexadecimal, infinities
 * or digits of other scripts. Null for everything else.
 */
export function parseNumber(text: string): number | null {
  const found = readNumber(text);
  return found && (found.percent ? found.value / 100 : found.value);
}

/** The same, with the percent sign kept apart. */
export function readNumber(text: string): WrittenNumber | null {
  if (text.length > MAX_LENGTH) return null;
  let rest = text.trim().replaceAll("\u2212", "-").replaceAll("\\%", "%");
  for (let inner = unwrap(rest); inner !== null; inner = unwrap(rest)) rest = inner;
  const percent = rest.endsWith("%");
  if (percent) rest = rest.slice(0, -1).trimEnd();
  const ratio = FRACTION.exec(rest) ?? SLASH.exec(rest);
  const value = ratio
    ? (ratio[1] === "-" ? -1 : 1) * (decimal(ratio[2] ?? "") / decimal(ratio[3] ?? ""))
    : decimal(rest);
  return Number.isFinite(value) ? { value, percent } : null;
}

const MAX_LENGTH = 256;
const WRAPPERS = [/^\$([^$]*)\$$/, /^\\\((.*)\\\)$/s, /^\\boxed\{(.*)\}$/s];
const FRACTION = /^([+-]?)\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}$/;
const SLASH = /^([+-]?)([^/+-][^/]*)\/([^/]*)$/;
const DECIMAL = /^[+-]?(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

function unwrap(text: string): string | null {
  for (const wrapper of WRAPPERS) {
    const match = wrapper.exec(text);
    if (match) return (match[1] ?? "").trim();
  }
  return null;
}

function decimal(text: string): number {
  const trimmed = text.trim();
  return DECIMAL.test(trimmed) ? Number(trimmed.replaceAll(",", "")) : Number.NaN;
}
