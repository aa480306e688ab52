import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { InvalidPlanError, LimitExceededError, NotFoundError } from "./errors.js";
import type { SampleOptions } from "./sample-options.js";
import type { VideoSource } from "./video-source.js";

/** A source as a local path, and how to remove it if it is a temporary copy. */
export interface LocalFile {
  /** The path. */
  readonly path: string;
  /** Removes the temporary copy; does nothing for files that were there before. */
  readonly remove: () => Promise<void>;
}

type Fetching = Pick<SampleOptions, "limits" | "signal">;

/**
 * Makes a source readable as a local file. Anything but a local path is copied to a temporary file first, within the
 * limits, so that decoders never touch the network and every source is seekable.
 * @throws NotFoundError, LimitExceededError, InvalidPlanError for other URL schemes
 */
export async function localFile(source: VideoSource, options: Fetching): Promise<LocalFile> {
  if (typeof source === "string" && !/^(https?|file):/i.test(source)) return inPlace(source);
  if (typeof source === "string" || source instanceof URL) {
    const url = new URL(source);
    if (url.protocol === "file:") return inPlace(fileURLToPath(url));
    return copy(await download(url, options), options);
  }
  if (source instanceof Blob) return copy(source.stream() as unknown as AsyncIterable<Uint8Array>, options);
  if (source instanceof ArrayBuffer) return copy([new Uint8Array(source)], options);
  return copy(source instanceof Uint8Array ? [source] : source, options);
}

function inPlace(path: string): LocalFile {
  return { path, remove: () => Promise.resolve() };
}

/** Follows redirects itself, so that none can leave http and https. */
async function download(start: URL, { limits = {}, signal }: Fetching): Promise<AsyncIterable<Uint8Array>> {
  const { maxRedirects = 5 } = limits;
  let url = start;
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    if (url.protocol !== "http:" && url.protocol !== "https:")
      throw new InvalidPlanError(
        `Expected an http, https or file URL, got ${url.protocol}//…; fetch it yourself and pass the bytes.`,
      );
    const response = await fetch(url, { redirect: "manual", ...(signal === undefined ? {} : { signal }) }).catch(
      (cause: unknown) => {
        signal?.throwIfAborted();
        throw new NotFoundError(`${url.href} could not be fetched; check the address and the network.`, { cause });
      },
    );
    const location = response.headers.get("location");
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      url = new URL(location, url);
      continue;
    }
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new NotFoundError(
        `${url.href} answered ${response.status} ${response.statusText}; expected 200 with a body.`,
      );
    }
    return response.body as unknown as AsyncIterable<Uint8Array>;
  }
  throw new LimitExceededError(`${start.href} redirects more than ${maxRedirects} times (limits.maxRedirects).`);
}

async function copy(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  { limits = {}, signal }: Fetching,
): Promise<LocalFile> {
  const { maxSourceBytes = 2 ** 32 } = limits;
  const folder = await mkdtemp(join(tmpdir(), "video-sampler-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  const path = join(folder, "source");
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
