import { RecordError } from "../errors.js";

/** What reading asks of a schema; those of zod and zod/mini have it. */
export interface RecordSchema<T> {
  safeParse(
    value: unknown,
  ):
    | { readonly success: true; readonly data: T }
    | { readonly success: false; readonly error: { readonly issues: readonly SchemaIssue[] } };
}

/** What is wrong with a record, and where. */
export interface SchemaIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Options of `parseJsonl` and `readJsonl`. */
export interface JsonlOptions<T> {
  /** Checks and types every record, a schema of zod or zod/mini; without it records are `unknown`. */
  readonly schema?: RecordSchema<T>;
  /** "throw" (default) stops at the first bad line; "skip" counts it and goes on. */
  readonly onError?: "throw" | "skip";
  /** Hears of every skipped line. */
  readonly onSkip?: (error: RecordError) => void;
  /** Longest accepted line in UTF-16 code units; default 16 Mi, so that a file without line ends cannot fill the memory. */
  readonly maxLineLength?: number;
  /** Where the text comes from, named in errors before the line (`data.jsonl:12`); `readJsonl` gives its path. */
  readonly source?: string;
  /** Stops the reading; the iterator then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Records read one after the other, with counts. Iterate once. */
export interface JsonlStream<T> extends AsyncIterable<T> {
  /** Lines seen so far, blank ones included. */
  readonly lines: number;
  /** Lines skipped so far (`onError: "skip"`). */
  readonly skipped: number;
}

/**
 * Parses JSON Lines from chunks of UTF-8 bytes or text, in constant memory. Blank lines and a byte-order mark are
 * passed over; `\r\n` ends a line too; the last line needs no end.
 * @throws RecordError naming source and line, while iterating, unless `onError` is "skip"
 */
export function parseJsonl<T = unknown>(
  chunks: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>,
  options: JsonlOptions<T> = {},
): JsonlStream<T> {
  const counts = { lines: 0, skipped: 0 };
  async function* records(): AsyncGenerator<T, void, void> {
    for await (const line of splitLines(chunks, options.maxLineLength ?? 2 ** 24)) {
      options.signal?.throwIfAborted();
      counts.lines++;
      if (line !== null && line.trim() === "") continue;
      const record = parseLine(line, counts.lines, options);
      if (!(record instanceof RecordError)) {
        yield record.value;
        continue;
      }
      if (options.onError !== "skip") throw record;
      counts.skipped++;
      options.onSkip?.(record);
    }
  }
  const iterator = records();
  return {
    get lines() {
      return counts.lines;
    },
    get skipped() {
      return counts.skipped;
    },
    [Symbol.asyncIterator]: () => iterator,
  };
}

/** One record as one line, with its line end. `JSON.stringify` escapes line ends inside strings, so a record is a line. */
export function formatJsonlLine(record: unknown): string {
  const json = JSON.stringify(record);
  if (json === undefined)
    throw new RecordError("invalid-record", `expected a value that JSON can hold, found ${typeof record}`);
  return `${json}\n`;
}

function parseLine<T>(line: string | null, number: number, options: JsonlOptions<T>): RecordError | { value: T } {
  const place = options.source === undefined ? `line ${number}` : `${options.source}:${number}`;
  if (line === null)
    return new RecordError(
      "line-too-long",
      `${place}: expected at most ${options.maxLineLength ?? 2 ** 24} characters: raise maxLineLength if the line is meant`,
      number,
    );
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    const start = line.length > 80 ? `${line.slice(0, 80)}...` : line;
    return new RecordError("invalid-json", `${place}: expected JSON, found ${start}`, number, { cause });
  }
  if (!options.schema) return { value: value as T };
  const result = options.schema.safeParse(value);
  if (result.success) return { value: result.data };
  const issues = result.error.issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.join(".") || "record"}: ${message}`);
  return new RecordError("invalid-record", `${place}: ${issues.join("; ")}`, number, { cause: result.error });
}

/** Lines without their ends; null stands for a line over the limit, whose text is dropped. */
async function* splitLines(
  chunks: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>,
  maxLineLength: number,
): AsyncGenerator<string | null, void, void> {
  const decoder = new TextDecoder();
  let parts: string[] = [];
  let length = 0;
  let first = true;
  const take = (text: string): void => {
    length += text.length;
    if (length > maxLineLength) parts = [];
    else if (text) parts.push(text);
  };
  const finish = (): string | null => {
    let line = length > maxLineLength ? null : parts.join("");
    if (line?.endsWith("\r")) line = line.slice(0, -1);
    if (first && line?.startsWith("\uFEFF")) line = line.slice(1);
    first = false;
    parts = [];
    length = 0;
    return line;
  };
  for await (const chunk of chunks) {
    const text = typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      take(text.slice(start, end));
      yield finish();
      start = end + 1;
    }
    take(text.slice(start));
  }
  take(decoder.decode());
  if (length > 0) yield finish();
}
