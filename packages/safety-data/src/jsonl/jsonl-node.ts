import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { formatJsonlLine, type JsonlOptions, type JsonlStream, parseJsonl } from "./jsonl.js";
import { replaceFile } from "./replace-file-node.js";

/**
 * Reads a JSON Lines file record by record in constant memory; the file is closed when the iteration ends, early or
 * not. Options and errors: see `parseJsonl`. A file that cannot be opened rejects with Node's own error.
 */
export function readJsonl<T = unknown>(path: string, options: JsonlOptions<T> = {}): JsonlStream<T> {
  async function* chunks(): AsyncGenerator<Uint8Array, void, void> {
    yield* createReadStream(path, { highWaterMark: 1 << 18 });
  }
  return parseJsonl(chunks(), { source: path, ...options });
}

/** Options of `writeJsonl`. */
export interface WriteJsonlOptions {
  /** Stops the writing; the target then stays as it was. */
  readonly signal?: AbortSignal;
}

/**
 * Writes a whole file at once or not at all, see `replaceFile`. Returns the number of records.
 * @throws RecordError "invalid-record" for a value that JSON cannot hold; the target then stays as it was
 */
export async function writeJsonl(
  path: string,
  records: AsyncIterable<unknown> | Iterable<unknown>,
  options: WriteJsonlOptions = {},
): Promise<number> {
  let count = 0;
  await replaceFile(path, async (file) => {
    let pending: string[] = [];
    let size = 0;
    for await (const record of records) {
      options.signal?.throwIfAborted();
      const line = formatJsonlLine(record);
      pending.push(line);
      size += line.length;
      count++;
      if (size < 1 << 18) continue;
      await file.writeFile(pending.join(""));
      pending = [];
      size = 0;
    }
    await file.writeFile(pending.join(""));
  });
  return count;
}

/** An open JSON Lines file that records are added to. */
export interface JsonlAppender {
  /** Bytes of a torn last line that were cut off when the file was opened; 0 normally. */
  readonly repairedBytes: number;
  /** Adds records in one write, in the order of the calls; resolves when they are on the disk. After a failed write every
   * further one rejects with the same error: open the file again, which repairs it. */
  append(records: readonly unknown[]): Promise<void>;
  /** Waits for the writes under way and closes the file. */
  close(): Promise<void>;
}

/** Options of `openJsonlAppender`. */
export interface JsonlAppenderOptions {
  /** Whether `append` waits for the disk (fdatasync). Default true: what was acknowledged survives a power cut. */
  readonly sync?: boolean;
}

/**
 * Opens a file for adding records that survive a crash: each `append` is one write of whole lines, and a last line torn
 * by an earlier crash is cut off (a last line that is a whole object or array only gets its missing line end). One appender a file at
 * a time.
 */
export async function openJsonlAppender(path: string, options: JsonlAppenderOptions = {}): Promise<JsonlAppender> {
  const file = await open(path, "a+");
  let repairedBytes: number;
  try {
    repairedBytes = await repairTail(file);
  } catch (error) {
    await file.close();
    throw error;
  }
  let queue: Promise<void> = Promise.resolve();
  let closed = false;
  const write = async (text: string): Promise<void> => {
    await file.writeFile(text);
    if (options.sync !== false) await file.datasync();
  };
  return {
    repairedBytes,
    async append(records) {
      if (closed) throw new Error("expected an open appender, found a closed one: open the file again");
      const text = records.map(formatJsonlLine).join("");
      queue = queue.then(() => write(text));
      await queue;
    },
    async close() {
      if (closed) return;
      closed = true;
      await queue.catch(() => {});
      await file.close();
    },
  };
}

async function repairTail(file: FileHandle): Promise<number> {
  const { size } = await file.stat();
  const block = 1 << 16;
  let tail = Buffer.alloc(0);
  let start = size;
  while (start > 0 && !tail.includes(0x0a)) {
    const from = Math.max(0, start - block);
    const chunk = Buffer.alloc(start - from);
    await file.read(chunk, 0, chunk.length, from);
    tail = Buffer.concat([chunk, tail]);
    start = from;
  }
  const torn = tail.subarray(tail.lastIndexOf(0x0a) + 1);
  if (torn.length === 0) return 0;
  if (isWholeRecord(torn.toString("utf8"))) {
    await file.writeFile("\n");
    return 0;
  }
  await file.truncate(size - torn.length);
  return torn.length;
}

/** A prefix of a JSON object or array is never valid JSON; a prefix of a bare number may be, so it does not count. */
function isWholeRecord(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null;
  } catch {
    return false;
  }
}
