import { isPythonWhitespace } from "@videosafety/safety-data";
import { codePointTable } from "./code-point-table.js";

/**
 * What Python's `float(text)` gives, or null where it raises: surrounding white space, underscores between digits,
 * decimal digits of any script, `inf`, `infinity` and `nan` in any case. Needed only to reproduce the authors' rewards;
 * `parseNumber` is the strict reading.
 */
export function pythonFloat(text: string): number | null {
  const ascii = toAsciiDigits(text);
  const match = /^([+-]?)(inf(?:inity)?|nan)$/i.exec(ascii);
  if (match) return /^n/i.test(match[2] ?? "") ? Number.NaN : match[1] === "-" ? -Infinity : Infinity;
  if (!/^[+-]?(?:\d(?:_?\d)*(?:\.(?:\d(?:_?\d)*)?)?|\.\d(?:_?\d)*)(?:e[+-]?\d(?:_?\d)*)?$/i.test(ascii)) return null;
  return Number(ascii.replaceAll("_", ""));
}

/**
 * Python's `round(value, 2)`: the exact binary value rounded to two decimals, ties to even. JavaScript's `toFixed(2)`
 * agrees except on exact ties, which are the odd multiples of 1/8.
 */
export function roundHalfEven2(value: number): number {
  const magnitude = Math.abs(value);
  if (!(magnitude < 2 ** 46)) return value;
  const eighths = magnitude * 8;
  if (!Number.isInteger(eighths) || eighths % 2 === 0) return Number(value.toFixed(2));
  const below = Math.floor(magnitude * 100);
  return (Math.sign(value) * (below % 2 === 0 ? below : below + 1)) / 100;
}

/** White space at the ends taken off and every decimal digit made ASCII, as Python does before it reads a number. */
function toAsciiDigits(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isPythonWhitespace(text.charCodeAt(start))) start++;
  while (end > start && isPythonWhitespace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end).replace(/\p{Nd}/gu, (digit) => String(decimalValue(digit.codePointAt(0) as number)));
}

/** Decimal digits come in runs of ten from zero to nine, so a digit's value is its distance from the start of its run. */
const decimalValue = codePointTable((digit) => {
  let distance = 0;
  const code = digit.codePointAt(0) as number;
  while (distance < code && /\p{Nd}/u.test(String.fromCodePoint(code - distance - 1))) distance++;
  return distance % 10;
});
