import { endOfJsonString, RequestError } from "@videosafety/endpoint/server";

/** Bounds on the body of a chat request. */
export interface BodyLimits {
  /** Values: what stands between commas and brackets. */
  readonly maxValues: number;
  /** Brackets within brackets. */
  readonly maxDepth: number;
}

/** A parsed body, and where the members of the outermost object lie in its bytes. */
export interface ScannedBody {
  /** What `JSON.parse` makes of it: an object. */
  readonly value: Readonly<Record<string, unknown>>;
  /** [start, end) of each member's value, in bytes. */
  readonly spans: ReadonlyMap<string, readonly [start: number, end: number]>;
}

const [QUOTE, COMMA, COLON, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [34, 44, 58, 91, 93, 123, 125];
const invalid = (message: string): RequestError => new RequestError(400, "invalid_request", message);
/** An open bracket: an object's names, or null for a list. */
type Level = { names: Set<string>; expectsName: boolean; name: string; start: number } | null;

/**
 * Reads the JSON object of a chat request. The guard and the server behind it must read the same: a name that occurs twice in one object (parsers
 * take the first or the last), bytes that are not UTF-8, and a byte order mark are refused.
 *
 * @throws RequestError 413 for too many values, 400 for the rest
 */
export function scanBody(bytes: Uint8Array, { maxValues, maxDepth }: BodyLimits): ScannedBody {
  const spans = new Map<string, readonly [number, number]>();
  const levels: Level[] = [];
  let values = 1;
  const closeMember = (level: Level, end: number): void => {
    if (level === null || levels.length !== 1 || level.start < 0) return;
    spans.set(level.name, [level.start, end]);
    level.start = -1;
  };
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    const level = levels.at(-1) ?? null;
    if (byte === QUOTE) {
      const end = endOfJsonString(bytes, i);
      if (level?.expectsName) {
        level.name = nameOf(bytes.subarray(i, end + 1));
        if (level.names.has(level.name))
          throw invalid(`expected each name once in an object, found ${JSON.stringify(level.name.slice(0, 60))} twice`);
        level.names.add(level.name);
        level.expectsName = false;
      }
      i = end;
    } else if (byte === COLON && level !== null) level.start = i + 1;
    else if (byte === COMMA) {
      values++;
      closeMember(level, i);
      if (level !== null) level.expectsName = true;
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      values++;
      levels.push(byte === OPEN_LIST ? null : { names: new Set(), expectsName: true, name: "", start: -1 });
      if (levels.length > maxDepth) throw invalid(`expected at most ${maxDepth} brackets within brackets, found more`);
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
      closeMember(level, i);
      levels.pop();
    }
    if (values > maxValues)
      throw new RequestError(413, "too_large", `expected at most ${maxValues} values in a body, found more`);
  }
  return { value: parse(bytes), spans };
}

function nameOf(literal: Uint8Array): string {
  try {
    return JSON.parse(decode(literal)) as string;
  } catch {
    throw invalid("expected JSON, found a name that cannot be read");
  }
}

function parse(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(decode(bytes));
  } catch {
    throw invalid("expected a body of JSON in UTF-8 without a byte order mark, found what cannot be read");
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalid(
    `expected a JSON object, found ${Array.isArray(value) ? "a list" : value === null ? "null" : typeof value}`,
  );
}

const decode = (bytes: Uint8Array): string => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);

/** The bytes with one member's value replaced, everything else as it was. */
export function replaceMember(
  bytes: Uint8Array,
  spans: ScannedBody["spans"],
  name: string,
  value: unknown,
): Uint8Array {
  const span = spans.get(name);
  const text = new TextEncoder().encode(JSON.stringify(value));
  if (span !== undefined) return join(bytes.subarray(0, span[0]), text, bytes.subarray(span[1]));
  const open = bytes.indexOf(OPEN_OBJECT) + 1;
  const member = new TextEncoder().encode(`${JSON.stringify(name)}:`);
  const comma = new TextEncoder().encode(spans.size === 0 ? "" : ",");
  return join(bytes.subarray(0, open), member, text, comma, bytes.subarray(open));
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
