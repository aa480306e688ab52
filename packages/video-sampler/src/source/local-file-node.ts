import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { InvalidSourceError, LimitExceededError, NotFoundError, VideoSamplerError } from "../errors.js";
import { type Fetching, HttpFile } from "./http-file-node.js";
import { shownPath } from "./local-media-node.js";
import { PartialFile } from "./partial-file-node.js";
import { parseAddress, pathOfFileUrl, shownUrl } from "./source-url-node.js";
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
 * @throws NotFoundError, UnavailableError, LimitExceededError, InvalidSourceError for what is no source
 */
export async function localFile(source: VideoSource, options: Fetching): Promise<LocalFile> {
  const place = placeOf(source);
  if (typeof place === "string") return inPlace(place);
  if (place instanceof URL) return download(place, options);
  if (source instanceof Blob) return copy(source.stream() as unknown as AsyncIterable<Uint8Array>, options);
  if (source instanceof ArrayBuffer || source instanceof SharedArrayBuffer)
    return copy([new Uint8Array(source)], options);
  if (ArrayBuffer.isView(source))
    return copy([new Uint8Array(source.buffer, source.byteOffset, source.byteLength)], options);
  if (typeof source === "object" && source !== null && (Symbol.asyncIterator in source || Symbol.iterator in source))
    return copy(source as AsyncIterable<Uint8Array>, options);
  throw new InvalidSourceError(
    `Expected a path, URL, bytes, Blob or stream of bytes as the source, got ${source === null ? "null" : typeof source}.`,
  );
}

/** A local path, the address of a remote file, or null for bytes in some form. @throws InvalidSourceError */
function placeOf(source: VideoSource): string | URL | null {
  if (typeof source !== "string" && !(source instanceof URL)) return null;
  if (source === "") throw new InvalidSourceError("The source is an empty string; pass a path or an address.");
  const [, scheme] = /^([a-z][a-z0-9+.-]+):/i.exec(source.toString()) ?? [];
  // One letter is a Windows drive; other words before a colon are a file's name unless // or a known scheme says otherwise.
  if (
    scheme === undefined ||
    !(/^[^:]+:\/\//.test(source.toString()) || /^(https?|file|data|blob|javascript|about)$/i.test(scheme))
  )
    return source.toString();
  if (/^(data|blob)$/i.test(scheme))
    throw new InvalidSourceError(
      `A ${scheme.toLowerCase()}: URL is not read as a source; decode it and pass the bytes or the Blob itself.`,
    );
  if (!/^(https?|file)$/i.test(scheme))
    throw new InvalidSourceError(
      `Expected an http, https or file URL, got ${scheme.toLowerCase()}://…; fetch it yourself and pass the bytes.`,
    );
  const url = source instanceof URL ? source : parseAddress(source);
  return url.protocol === "file:" ? pathOfFileUrl(url) : url;
}

/** A source as messages show it: never its bytes, and no user, password or query of an address. */
export function shownSource(source: string): string {
  const parsed = /^https?:/i.test(source) && URL.canParse(source) ? new URL(source) : null;
  return parsed === null ? shownPath(source) : shownUrl(parsed);
}

/**
 * A source for a child process, which takes paths and addresses: URLs are left to the child, everything else is made a file.
 * @throws as {@link localFile}
 */
export async function sourceForChild(
  source: VideoSource,
  options: Fetching,
): Promise<Pick<LocalFile, "path" | "remove">> {
  const place = placeOf(source);
  return place instanceof URL ? inPlace(place.href) : localFile(source, options);
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
    writableObjectMode: true,
    transform(chunk: unknown, _encoding, done) {
      if (!(chunk instanceof Uint8Array)) {
        done(new InvalidSourceError(`Expected a stream of bytes (Uint8Array), got a ${typeof chunk} in it.`));
        return;
      }
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
    if (error instanceof VideoSamplerError) throw error;
    throw new NotFoundError(`The stream of bytes failed after ${bytes} bytes.`, { cause: error });
  }
  return { path, remove };
}
