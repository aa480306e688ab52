import { type FileHandle, open, rm } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { FileFormatError } from "../errors.js";
import { putInPlace, removeAbandoned, temporaryFor } from "./atomic-file-node.js";
import { encodeHeader, type SafetensorsDType, type SafetensorsEntry } from "./safetensors.js";

/** A tensor that will be written. */
export interface PlannedTensor {
  /** Element type in the file. */
  readonly dtype: SafetensorsDType;
  readonly dims: readonly number[];
}

/** A safetensors file being written piece by piece, for checkpoints that do not fit into memory. */
export interface SafetensorsStream {
  /** Where each tensor lies in the file. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  /** Writes bytes of a tensor after those written before; tensors may be interleaved. @throws FileFormatError past its end */
  append(name: string, bytes: Uint8Array): Promise<void>;
  /** Checks that every tensor is complete, flushes, and puts the file in place. @throws FileFormatError */
  finish(): Promise<void>;
  /** Drops what was written. Does nothing after `finish`. */
  abort(): Promise<void>;
}

/**
 * Starts a file that appears under its name only when it is complete: it is written beside it and renamed at the end, so
 * that a killed process leaves no half of it, and of two writers of one file either wins.
 *
 * @throws FileFormatError for duplicate or impossible tensors.
 */
export async function streamSafetensors(
  path: string,
  tensors: ReadonlyMap<string, PlannedTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<SafetensorsStream> {
  const { bytes: header, entries } = encodeHeader(tensors, metadata);
  await removeAbandoned(dirname(path), (name) => name === basename(path));
  const temporary = temporaryFor(path);
  let handle: FileHandle | undefined = await open(temporary, "wx");
  const written = new Map<string, number>();
  const abort = async (): Promise<void> => {
    const open = handle;
    handle = undefined;
    if (!open) return;
    await open.close();
    await rm(temporary, { force: true });
  };
  const append = async (name: string, bytes: Uint8Array): Promise<void> => {
    const entry = entries.get(name);
    const before = written.get(name) ?? 0;
    if (!entry || !handle) throw new FileFormatError(`${path}: no tensor ${name} is being written`);
    if (before + bytes.length > entry.byteLength)
      throw new FileFormatError(
        `${path}: tensor ${name} has ${entry.byteLength} bytes, found ${before + bytes.length}`,
      );
    written.set(name, before + bytes.length);
    const step = 1 << 30; // one write call ends at 2 GiB
    for (let at = 0; at < bytes.length; at += step)
      await writeAt(handle, bytes.subarray(at, at + step), entry.offset + before + at);
  };
  const finish = async (): Promise<void> => {
    for (const [name, { dims, byteLength }] of entries) {
      const found = written.get(name) ?? 0;
      if (found !== byteLength)
        throw new FileFormatError(`${path}: tensor ${name} [${dims}] needs ${byteLength} bytes, found ${found}`);
    }
    const open = handle;
    handle = undefined;
    if (!open) throw new FileFormatError(`${path}: the file is finished or dropped already`);
    await open.sync();
    await open.close();
    await putInPlace(temporary, path);
  };
  try {
    await writeAt(handle, header, 0);
  } catch (error) {
    await abort();
    throw error;
  }
  return { entries, append, finish, abort };
}

async function writeAt(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
