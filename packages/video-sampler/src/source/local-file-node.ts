import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { LimitExceededError } from "../errors.js";
import { type Fetching, HttpFile } from "./http-file-node.js";
import { PartialFile } from "./partial-file-node.js";
import type { VideoSource } from "./video-source.js";

/** A source as a local path, and how to remove it if it is a temporary copy. */
export interface LocalFile {
  /** The path. */
  readonly path: string;
  /** Set where the source is a URL that serves ranges: the file behind `path`, of which only the first bytes are here. */
  readonly partial?: PartialFile;
  /** Removes the temporary copy; does nothing for files that were there before. */
  readonly remove: () => Promise<void>;
}

/**
 * Makes a source readable as a local file. Anything but a local path is copied to a temporary file, within the limits, so
 * that decoders never touch the network and every source is seekable. Of a URL that serves ranges only the first bytes are.
 * @throws NotFoundError, LimitExceededError, InvalidPlanError for other URL schemes
 */
export async function localFile(source: VideoSource, options: Fetching): Promise<LocalFile> {
  if (typeof source === "string" && !/^(https?|file):/i.test(source)) return inPlace(source);
  if (typeof source === "string" || source instanceof URL) {
    const url = new URL(source);
    if (url.protocol === "file:") return inPlace(fileURLToPath(url));
    return download(url, options);
  }
  if (source instanceof Blob) return copy(source.stream() as unknown as AsyncIterable<Uint8Array>, options);
  if (source instanceof ArrayBuffer) return copy([new Uint8Array(source)], options);
  return copy(source instanceof Uint8Array ? [source] : source, options);
}

/**
 * A source for a child process, which takes paths and addresses: URLs are left to the child, everything else is made a file.
 * @throws as {@link localFile}
 */
export function sourceForChild(source: VideoSource, options: Fetching): Promise<Pick<LocalFile, "path" | "remove">> {
  if (isHttp(source)) return Promise.resolve(inPlace(source.toString()));
  return localFile(source, options);
}

function isHttp(source: VideoSource): source is string | URL {
  return (typeof source === "string" || source instanceof URL) && /^https?:/i.test(source.toString());
}

function inPlace(path: string): LocalFile {
  return { path, remove: () => Promise.resolve() };
}

/** Bytes of the first request: the index of most short files that begin with it. */
const HEAD_BYTES = 2 ** 17;

async function download(url: URL, options: Fetching): Promise<LocalFile> {
  const remote = new HttpFile(url, options);
  const first = await remote.open(HEAD_BYTES);
  if (!first.ranges) return copy(first.body, options);
  const { path, remove } = await temporaryFile();
  try {
    const partial = await PartialFile.create(path, first.totalBytes, remote);
    await partial.write(0, first.body).catch(async (error: unknown) => {
      await partial.close();
      throw error;
    });
    return { path, partial, remove: () => partial.close().then(remove) };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function temporaryFile(): Promise<{ path: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "video-sampler-"));
  return { path: join(folder, "source"), remove: () => rm(folder, { recursive: true, force: true }) };
}

async function copy(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  { limits = {}, signal }: Fetching,
): Promise<LocalFile> {
  const { maxSourceBytes = 2 ** 32 } = limits;
  const { path, remove } = await temporaryFile();
  let bytes = 0;
  const bounded = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= maxSourceBytes) done(null, chunk);
      else done(new LimitExceededError(`The source is larger than ${maxSourceBytes} bytes (limits.maxSourceBytes).`));
    },
  });
  try {
    await pipeline(Readable.from(chunks), bounded, createWriteStream(path), signal === undefined ? {} : { signal });
  } catch (error) {
    await remove();
    signal?.throwIfAborted();
    throw error;
  }
  return { path, remove };
}
