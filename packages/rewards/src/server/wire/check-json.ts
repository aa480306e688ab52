import { endOfJsonString, RequestError } from "@videosafety/endpoint/server";

/** What a body may hold before it is parsed. */
export interface JsonLimits {
  /** Values, keys left out: what stands between commas and brackets. */
  readonly maxValues: number;
  /** Brackets within brackets. */
  readonly maxDepth: number;
}

const QUOTE = 34;
const COMMA = 44;

/** Where the elements of a body's list of items lie. */
export interface ItemRanges {
  /** Start and end of each element, in bytes, in turn. */
  readonly ranges: Int32Array;
  /** The list's opening bracket, and its closing one. */
  readonly open: number;
  readonly close: number;
}

/**
 * Counts the values of a JSON text without building them, so that a few bytes of commas and brackets cannot become gigabytes of
 * objects, and finds the elements of one list of the outermost object, so that each can be parsed by whoever needs it. Linear time;
 * strings are passed over at the speed of a search for their end. Whether it is JSON at all is the parser's to say: the pieces and
 * what is left without them are JSON exactly if the whole is.
 * @param list name of the list
 * @returns null when the outermost object has no such list, or two
 * @throws RequestError 413 for too many values, 400 for brackets too deep
 */
export function scanJson(bytes: Uint8Array, { maxValues, maxDepth }: JsonLimits, list: string): ItemRanges | null {
  const name = new TextEncoder().encode(list);
  const ends: number[] = [];
  let [values, depth, open, close, lists] = [1, 0, -1, -1, 0];
  let named = false; // the last string of the outermost object was the list's name
  let start = -1; // of the element that is open
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (byte <= 32) continue;
    if (start < 0 && depth === 2 && open >= 0 && close < 0 && byte !== COMMA && byte !== 93) start = i;
    if (byte === QUOTE) {
      const end = endOfJsonString(bytes, i);
      if (depth === 1) named = end - i - 1 === name.length && name.every((letter, k) => bytes[i + 1 + k] === letter);
      i = end;
    } else if (byte === COMMA) {
      values++;
      if (depth === 2 && open >= 0 && close < 0) {
        ends.push(start < 0 ? i : start, i);
        start = -1;
      }
    } else if (byte === 91 || byte === 123) {
      values++;
      if (++depth > maxDepth)
        throw new RequestError(
          400,
          "invalid_request",
          `expected at most ${maxDepth} brackets within brackets, found more`,
        );
      if (depth === 2 && named && byte === 91) {
        lists++;
        if (open < 0) open = i;
      }
      if (depth === 2) named = false;
    } else if (byte === 93 || byte === 125) {
      if (depth === 2 && open >= 0 && close < 0) {
        if (start >= 0 || ends.length > 0) ends.push(start < 0 ? i : start, i);
        close = i;
        start = -1;
      }
      depth--;
    }
    if (values > maxValues)
      throw new RequestError(
        413,
        "too_large",
        `expected at most ${maxValues} values in a body, found more: send fewer items at a time`,
      );
  }
  return lists === 1 && close > 0 ? { ranges: Int32Array.from(ends), open, close } : null;
}
