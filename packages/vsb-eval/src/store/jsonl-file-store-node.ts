import { type FileHandle, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { VsbEvalError } from "../errors.js";
import type { StoreRecord } from "../run/outcome.js";
import { type EvaluationStore, StoreIndex } from "./evaluation-store.js";
import { lockFile } from "./file-lock-node.js";

/** Name of the record file inside a store's folder. */
export const RECORDS_FILE = "records.jsonl";

const CHUNK_BYTES = 1 << 20;

function parseRecord(line: string): StoreRecord | null {
  try {
    const record = JSON.parse(line) as StoreRecord;
    return typeof record === "object" && record !== null && "kind" in record ? record : null;
  } catch {
    return null;
  }
}

/** Reads every whole line into the index; returns the length in bytes of the intact part. */
async function load(file: FileHandle, path: string, index: StoreIndex): Promise<number> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let carry: Buffer = Buffer.alloc(0);
  let intact = 0;
  let lineNumber = 0;
  let badLine: number | null = null;
  for (let position = 0; ; ) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return intact;
    position += bytesRead;
    const data = Buffer.concat([carry, chunk.subarray(0, bytesRead)]);
    let start = 0;
    for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10, start)) {
      lineNumber++;
      if (badLine !== null) {
        throw new VsbEvalError(
          "store_corrupt",
          `expected one JSON record a line, found something else at ${path}:${badLine}: restore the file or delete that line`,
        );
      }
      const record = parseRecord(data.toString("utf8", start, end));
      if (record === null) badLine = lineNumber;
      else {
        index.add(record);
        intact += end + 1 - start;
      }
      start = end + 1;
    }
    carry = Buffer.from(data.subarray(start));
  }
}

interface Waiter {
  readonly lines: string;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * A store in a folder: one append-only JSON Lines file, flushed to the disk (`fdatasync`) before `append` resolves,
 * with many concurrent appends in one flush. A line torn by a crash is cut off when the store is opened again.
 */
export class JsonlFileStore extends StoreIndex implements EvaluationStore {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #unlock: () => Promise<void>;
  #waiting: Waiter[] = [];
  #flushing: Promise<void> | null = null;
  #failure: VsbEvalError | null = null;

  private constructor(file: FileHandle, path: string, unlock: () => Promise<void>) {
    super();
    this.#file = file;
    this.#path = path;
    this.#unlock = unlock;
  }

  /**
   * Opens or creates the store in a folder and locks it.
   *
   * @throws {VsbEvalError} `store_locked` when another run has it; `store_corrupt` when a line before the last is
   *   not a record.
   */
  static async open(directory: string): Promise<JsonlFileStore> {
    await mkdir(directory, { recursive: true });
    const unlock = await lockFile(join(directory, "lock"));
    const path = join(directory, RECORDS_FILE);
    try {
      const file = await open(path, "a+");
      const store = new JsonlFileStore(file, path, unlock);
      try {
        const intact = await load(file, path, store);
        if (intact < (await file.stat()).size) await file.truncate(intact);
      } catch (error) {
        await file.close();
        throw error;
      }
      return store;
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  /** @throws {VsbEvalError} `store_write_failed`, e.g. on a full disk; the store takes no records after that. */
  append(records: readonly StoreRecord[]): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    for (const record of records) this.add(record);
    return new Promise((resolve, reject) => {
      const lines = records.map((record) => `${JSON.stringify(record)}\n`).join("");
      this.#waiting.push({ lines, resolve, reject });
      this.#flushing ??= this.#flush().finally(() => {
        this.#flushing = null;
      });
    });
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        if (this.#failure !== null) throw this.#failure;
        await this.#file.appendFile(batch.map(({ lines }) => lines).join(""));
        await this.#file.datasync();
        for (const { resolve } of batch) resolve();
      } catch (cause) {
        this.#failure ??= new VsbEvalError(
          "store_write_failed",
          `expected to append to ${this.#path}, found ${(cause as Error).message}: make room and run again, it resumes`,
          { cause },
        );
        for (const { reject } of batch) reject(this.#failure);
      }
    }
  }

  /** Flushes, closes the file and releases the lock. */
  async close(): Promise<void> {
    await this.#flushing;
    await this.#file.close();
    await this.#unlock();
  }
}
