import { type FileHandle, open, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { FileFormatError } from "../errors.js";
import { putInPlace, removeAbandonedOf, temporaryFor } from "./atomic-file-node.js";
import {
  encodeSafetensors,
  headerLength,
  parseHeader,
  type SafetensorsEntry,
  type StoredTensor,
  type TensorToStore,
  viewTensor,
} from "./safetensors.js";

/** An entry together with the file it lies in. */
export interface LocatedEntry extends SafetensorsEntry {
  /** Path of the file, for external data of a graph. */
  readonly path: string;
}

/** Open safetensors files: headers in memory, tensors read on demand. */
export interface SafetensorsReader {
  /** Every tensor by name. */
  readonly entries: ReadonlyMap<string, LocatedEntry>;
  /** The `__metadata__` strings. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Reads one tensor. @throws FileFormatError on an unknown name or a truncated file */
  read(name: string): Promise<StoredTensor>;
  /** Closes the files. Idempotent. */
  close(): Promise<void>;
  /** Same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Opens one safetensors file, a sharded checkpoint (`*.safetensors.index.json`), or a directory that holds either as
 * `model.safetensors[.index.json]` (where both are there, the whole file, as in transformers). Only headers are read; sizes and offsets are checked before any allocation.
 * @throws FileFormatError
 */
export async function openSafetensors(path: string): Promise<SafetensorsReader> {
  const file = await locate(path);
  const weightMap = file.endsWith(".json") ? await readIndex(file) : undefined;
  const shards = weightMap ? [...new Set(weightMap.values())] : [file];
  const handles: FileHandle[] = [];
  const entries = new Map<string, LocatedEntry>();
  const owners = new Map<string, FileHandle>();
  const metadata: Record<string, string> = {};
  const close = async (): Promise<void> => {
    await Promise.all(handles.splice(0).map((handle) => handle.close()));
  };
  try {
    for (const shard of shards) {
      const handle = await open(shard, "r").catch((cause) => {
        if (!weightMap || (cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
        throw new FileFormatError(`${file}: shard ${basename(shard)} is missing`, { cause });
      });
      handles.push(handle);
      const { size } = await handle.stat();
      const length = headerLength(await readExactly(handle, 0, Math.min(8, size), shard), size, shard);
      const header = parseHeader(await readExactly(handle, 8, length, shard), size, shard);
      Object.assign(metadata, header.metadata);
      for (const [name, entry] of header.entries) {
        if (entries.has(name))
          throw new FileFormatError(`${shard}: tensor ${name} also lies in ${entries.get(name)?.path}`);
        entries.set(name, { ...entry, path: shard });
        owners.set(name, handle);
      }
    }
    for (const [name, shard] of weightMap ?? [])
      if (entries.get(name)?.path !== shard)
        throw new FileFormatError(
          `${file}: tensor ${name} is not in ${basename(shard)}; the shards are of another set`,
        );
  } catch (error) {
    await close();
    throw error;
  }
  const read = async (name: string): Promise<StoredTensor> => {
    const [entry, handle] = [entries.get(name), owners.get(name)];
    if (!entry || !handle)
      throw new FileFormatError(
        `${path}: no tensor ${name}; it has ${[...entries.keys()].slice(0, 5).join(", ")}, ...`,
      );
    return viewTensor(entry, await readExactly(handle, entry.offset, entry.byteLength, entry.path));
  };
  return { entries, metadata, read, close, [Symbol.asyncDispose]: close };
}

/** Reads a whole checkpoint (all tensors, or `names`). @throws FileFormatError */
export async function readSafetensors(
  path: string,
  options: { readonly names?: readonly string[] } = {},
): Promise<{ tensors: Map<string, StoredTensor>; metadata: Readonly<Record<string, string>> }> {
  const reader = await openSafetensors(path);
  try {
    const tensors = new Map<string, StoredTensor>();
    for (const name of options.names ?? reader.entries.keys()) tensors.set(name, await reader.read(name));
    return { tensors, metadata: reader.metadata };
  } finally {
    await reader.close();
  }
}

/**
 * Writes a file atomically: a temporary file beside it is flushed to disk, then renamed, and the directory flushed. What a
 * killed writer of the same file left behind is removed.
 * @param options `flush: false` leaves flushing to the system, for what can be made again: a power cut may lose or damage the file
 * @throws FileFormatError on bad sizes, or a header larger than readers accept
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, TensorToStore>,
  metadata: Readonly<Record<string, string>> = {},
  { flush = true }: { readonly flush?: boolean } = {},
): Promise<void> {
  const chunks = encodeSafetensors(tensors, metadata);
  await removeAbandonedOf(path);
  const temporary = temporaryFor(path);
  try {
    const handle = await open(temporary, "w");
    try {
      for (const chunk of chunks) await writeAll(handle, chunk);
      if (flush) await handle.sync();
    } finally {
      await handle.close();
    }
    await (flush ? putInPlace(temporary, path) : rename(temporary, path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  const step = 1 << 30; // one write call ends at 2 GiB
  for (let offset = 0; offset < bytes.length; offset += step)
    await handle.writeFile(bytes.subarray(offset, offset + step));
}

async function readExactly(handle: FileHandle, offset: number, length: number, label: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, Math.min(length - done, 1 << 30), offset + done);
    if (bytesRead === 0)
      throw new FileFormatError(`${label}: ends ${length - done} bytes early; the file is truncated`);
    done += bytesRead;
  }
  return bytes;
}

async function locate(path: string): Promise<string> {
  if (!(await stat(path)).isDirectory()) return path;
  // The whole file first, as transformers: an index beside it is of an older save.
  for (const name of ["model.safetensors", "model.safetensors.index.json"]) {
    const file = join(path, name);
    if (await stat(file).catch(() => undefined)) return file;
  }
  throw new FileFormatError(`${path}: expected model.safetensors or model.safetensors.index.json in the directory`);
}

/** Tensor name -> path of its shard. */
async function readIndex(index: string): Promise<Map<string, string>> {
  let map: unknown;
  try {
    map = (JSON.parse(await readFile(index, "utf8")) as { weight_map?: unknown }).weight_map;
  } catch (cause) {
    throw new FileFormatError(`${index}: not JSON`, { cause });
  }
  if (typeof map !== "object" || map === null) throw new FileFormatError(`${index}: expected an object weight_map`);
  return new Map(
    Object.entries(map).map(([tensor, name]) => {
      if (typeof name !== "string" || basename(name) !== name)
        throw new FileFormatError(`${index}: shard ${String(name)} must be a file name in the same directory`);
      return [tensor, join(dirname(index), name)];
    }),
  );
}
