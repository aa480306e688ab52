import { RequestError } from "../http/request-error.js";

/** What a body may hold before it is parsed. */
export interface JsonLimits {
  /** Values, keys left out: what stands between commas and brackets. */
  readonly maxValues: number;
  /** Brackets within brackets. */
  readonly maxDepth: number;
}

const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;

/**
 * Counts the values of a JSON text without building them, so that a few bytes of commas and brackets cannot become gigabytes of
 * objects. Linear time; strings are passed over at the speed of a search for their end. Whether it is JSON at all is the parser's to say.
 * @throws RequestError 413 for too many values, 400 for brackets too deep
 */
export function checkJsonSize(bytes: Uint8Array, { maxValues, maxDepth }: JsonLimits): void {
  let values = 1;
  let depth = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (byte === QUOTE) i = endOfString(bytes, i);
    else if (byte === COMMA) values++;
    else if (byte === 91 || byte === 123) {
      values++;
      if (++depth > maxDepth)
        throw new RequestError(
          400,
          "invalid_request",
          `expected at most ${maxDepth} brackets within brackets, found more`,
        );
    } else if (byte === 93 || byte === 125) depth--;
    if (values > maxValues)
      throw new RequestError(
        413,
        "too_large",
        `expected at most ${maxValues} values in a body, found more: send fewer items at a time`,
      );
  }
}

/** Position of the quote that closes the string that opens at `from`; the end of the text when none does. */
function endOfString(bytes: Uint8Array, from: number): number {
  const first = bytes.indexOf(QUOTE, from + 1);
  if (first < 0) return bytes.length;
  let backslashes = 0;
  while (bytes[first - 1 - backslashes] === BACKSLASH) backslashes++;
  if (backslashes % 2 === 0) return first;
  // A string with escaped quotes: byte by byte from here, since a search for each of them would cost more.
  for (let i = first + 1; i < bytes.length; i++) {
    if (bytes[i] === BACKSLASH) i++;
    else if (bytes[i] === QUOTE) return i;
  }
  return bytes.length;
}
