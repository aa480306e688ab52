import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { FileLockError, RecordError } from "@videosafety/safety-data";
import { type JsonlAppender, lockFile, openJsonlAppender, readJsonl } from "@videosafety/safety-data/node";
import { regularFile } from "../data/regular-file-node.js";
import { VsbEvalError } from "../errors.js";
import type { StoreRecord } from "../run/records/outcome.js";
import { type EvaluationStore, StoreIndex } from "./evaluation-store.js";

/** Name of the record file inside a store's folder. */
export const RECORDS_FILE = "records.jsonl";

const corrupt = (path: string, cause: RecordError): VsbEvalError =>
  new VsbEvalError(
    "store_corrupt",
    `expected one JSON record a line, found something else at ${path}:${cause.line}: restore the file or delete that line`,
    { cause },
  );

interface Waiter {
  readonly records: readonly StoreRecord[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * A store in a folder: one append-only JSON Lines file, flushed to the disk before `append` resolves, with many
 * concurrent appends in one flush. A line torn by a crash is cut off when the store is opened again.
 */
export class JsonlFileStore extends StoreIndex implements EvaluationStore {
  readonly #file: JsonlAppender;
  readonly #path: string;
  readonly #unlock: () => Promise<void>;
  #waiting: Waiter[] = [];
  #flushing: Promise<void> | null = null;
  #failure: VsbEvalError | null = null;

  private constructor(file: JsonlAppender, path: string, unlock: () => Promise<void>) {
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
    await mkdir(directory, { recursive: true }).catch((cause: Error) => {
      const next = "choose a folder that can be written";
      throw new VsbEvalError(
        "store_write_failed",
        `expected the folder ${directory}, found ${cause.message}: ${next}`,
        {
          cause,
        },
      );
    });
    const unlock = await lockFile(join(directory, "lock")).catch((cause: unknown) => {
      if (!(cause instanceof FileLockError)) throw cause;
      const code = cause.code === "locked" ? "store_locked" : "store_write_failed";
      throw new VsbEvalError(code, cause.message, { cause });
    });
    const path = join(directory, RECORDS_FILE);
    let file: JsonlAppender | null = null;
    try {
      file = await openJsonlAppender(path);
      const store = new JsonlFileStore(file, path, unlock);
      for await (const record of readJsonl<StoreRecord>(path)) store.add(record);
      return store;
    } catch (cause) {
      await file?.close();
      await unlock();
      if (!(cause instanceof RecordError)) throw cause;
      throw corrupt(path, cause);
    }
  }

  /** @throws {VsbEvalError} `store_write_failed`, e.g. on a full disk; the store takes no records after that. */
  append(records: readonly StoreRecord[]): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    for (const record of records) this.add(record);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, resolve, reject });
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
        await this.#file.append(batch.flatMap(({ records }) => records));
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

/**
 * What a store's folder holds, without a lock and without writing: for scoring a folder that is read-only, or one that a run
 * is still filling. A line torn by a crash, or not yet whole, at the end of the file is left out.
 *
 * @throws {VsbEvalError} `media_missing` for a folder without records; `store_corrupt` when a line before the last is no record.
 */
export async function readStore(directory: string): Promise<StoreIndex> {
  const path = join(directory, RECORDS_FILE);
  const index = new StoreIndex();
  await regularFile(path, "a store's records");
  const torn: RecordError[] = [];
  const records = readJsonl<StoreRecord>(path, { onError: "skip", onSkip: (error) => torn.push(error) });
  for await (const record of records) {
    // Only the last line may be torn.
    if (torn[0] !== undefined) throw corrupt(path, torn[0]);
    index.add(record);
  }
  if (torn.length > 1) throw corrupt(path, torn[0] as RecordError);
  return index;
}
