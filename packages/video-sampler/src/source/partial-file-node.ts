import { type FileHandle, open } from "node:fs/promises";
import { LimitExceededError } from "../errors.js";
import { type ByteRange, mergeRanges, missingRanges } from "./byte-ranges.js";
import type { HttpFile } from "./http-file-node.js";

/** Ranges closer than this are fetched in one request: a round trip costs more than the bytes between them. */
const JOIN_BYTES = 2 ** 16;
/** Bytes fetched around a few that are asked for. */
const READ_AHEAD_BYTES = 2 ** 16;
const REQUESTS_AT_ONCE = 3;

/**
 * A local copy of a remote file, of its full length, that holds only the ranges fetched so far; the rest reads as zeros and
 * takes no room on file systems that know holes.
 */
export class PartialFile {
  /** Where it is. */
  readonly path: string;
  /** Length of the remote file. */
  readonly totalBytes: number;
  readonly #remote: HttpFile;
  readonly #file: FileHandle;
  #present: ByteRange[] = [];

  private constructor(path: string, totalBytes: number, remote: HttpFile, file: FileHandle) {
    this.path = path;
    this.totalBytes = totalBytes;
    this.#remote = remote;
    this.#file = file;
  }

  /**
   * Makes the empty copy at `path`.
   * @throws LimitExceededError when the file system cannot hold a file of that length
   */
  static async create(path: string, totalBytes: number, remote: HttpFile): Promise<PartialFile> {
    const file = await open(path, "w+");
    try {
      await file.truncate(totalBytes);
      return new PartialFile(path, totalBytes, remote, file);
    } catch (cause) {
      await file.close();
      throw new LimitExceededError(`The source claims ${totalBytes} bytes, more than fit into a file here.`, { cause });
    }
  }

  /** Writes bytes that have come by other means, from `start` on. */
  async write(start: number, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    let at = start;
    for await (const chunk of chunks) {
      await this.#file.write(chunk, 0, chunk.length, at);
      at += chunk.length;
    }
    this.#present = mergeRanges([...this.#present, { start, end: at }]);
  }

  /** Fetches what is missing of the ranges. @returns whether any bytes were @throws as {@link HttpFile.read} */
  async fetch(ranges: Iterable<ByteRange>, signal?: AbortSignal): Promise<boolean> {
    const missing = mergeRanges(missingRanges(mergeRanges(ranges), this.#present), JOIN_BYTES);
    const queue = missing.values();
    const work = async () => {
      for (const range of queue) await this.write(range.start, this.#remote.read(range, signal));
    };
    await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, work));
    return missing.length > 0;
  }

  /** Fetches everything. */
  fetchAll(signal?: AbortSignal): Promise<boolean> {
    return this.fetch([{ start: 0, end: this.totalBytes }], signal);
  }

  /** Bytes [start, end), fetched with some that follow where they are missing. */
  async read(start: number, end: number): Promise<Uint8Array> {
    if (missingRanges([{ start, end }], this.#present).length > 0)
      await this.fetch([{ start, end: Math.min(this.totalBytes, Math.max(end, start + READ_AHEAD_BYTES)) }]);
    const bytes = new Uint8Array(end - start);
    const { bytesRead } = await this.#file.read(bytes, 0, bytes.length, start);
    return bytes.subarray(0, bytesRead);
  }

  /** Closes the file; it stays where it is. */
  close(): Promise<void> {
    return this.#file.close();
  }
}
