/**
 * Reads an answer as one number, strictly: ASCII digits, thousands commas only in groups of three, an optional
 * fraction and exponent, `%` (divides by 100), `a/b`. LaTeX lightly, and no more than this: `$...$`, `\(...\)`,
 * `\boxed{...}`, `\frac{a}{b}` (also `\dfrac`, `\tfrac`), `\%`. No units, words, equations, underscores, hexadecimal, infinities
 * or digits of other scripts. Null for everything else.
 */
export function parseNumber(text: string): number | null {
  if (text.length > MAX_LENGTH) return null;
  let rest = text.trim().replaceAll("\u2212", "-").replaceAll("\\%", "%");
  for (let inner = unwrap(rest); inner !== null; inner = unwrap(rest)) rest = inner;
  let divisor = 1;
  if (rest.endsWith("%")) {
    divisor = 100;
    rest = rest.slice(0, -1).trimEnd();
  }
  const ratio = FRACTION.exec(rest) ?? SLASH.exec(rest);
  const value = ratio
    ? (ratio[1] === "-" ? -1 : 1) * (decimal(ratio[2] ?? "") / decimal(ratio[3] ?? ""))
    : decimal(rest);
  return Number.isFinite(value) ? value / divisor : null;
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
