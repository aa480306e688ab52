import type { Stats } from "node:fs";
import { open, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { NoBackendError, NotFoundError, NotMediaError, TruncatedError } from "../errors.js";
import { claimedContainer } from "../source/container-signature.js";
import type { PartialFile } from "../source/partial-file-node.js";
import type { RemoteMedia } from "../source/remote-media.js";
import { checkPixels } from "../video/sampling-limits.js";
import type { VideoDecoder } from "./decoder.js";
import { fetchMp4Index } from "./fetch-mp4-index-node.js";
import { FfmpegDecoder } from "./ffmpeg-decoder-node.js";
import { locateFfmpeg } from "./ffmpeg-program-node.js";
import { ImageFolderDecoder } from "./image-folder-decoder-node.js";
import { NodeAvDecoder } from "./node-av-decoder-node.js";
import { loadNodeAv } from "./node-av-loader-node.js";
import type { OpenOptions } from "./open-options.js";

/**
 * Opens a local video file or image folder in the backend the options name.
 * @throws NotFoundError, NotMediaError, TruncatedError, NoVideoStreamError, DecoderMissingError, NoBackendError,
 * LimitExceededError
 */
export async function openPath(path: string, options: OpenOptions): Promise<VideoDecoder> {
  const absolute = resolve(path);
  if (await isDirectory(path)) return ImageFolderDecoder.open(absolute, (image) => openFile(image, options));
  return openFile(absolute, options);
}

/**
 * Opens a remote file of which nothing but the first bytes is here. node-av can do with the index of an MP4 and the packets
 * a plan needs; everything else is fetched whole first.
 * @throws as {@link openPath}, and what fetching throws
 */
export async function openPartial(file: PartialFile, options: OpenOptions): Promise<VideoDecoder> {
  const media = options.backend === "ffmpeg" ? null : await fetchMp4Index(file).catch(withoutNodeAv(options));
  if (media === null) await file.fetchAll();
  return openFile(file.path, { ...options, ...(media === null ? {} : { media }) });
}

/** Where node-av is absent and need not be there, the ffmpeg program gets the whole file. */
function withoutNodeAv({ backend }: OpenOptions): (error: unknown) => null {
  return (error) => {
    if (error instanceof NoBackendError && backend !== "node-av") return null;
    throw error;
  };
}

type FileOptions = OpenOptions & { readonly media?: RemoteMedia };

async function openFile(path: string, options: FileOptions): Promise<VideoDecoder> {
  const head = await readHead(path);
  const decoder = await openWithBackend(path, options).catch((error: unknown) => {
    throw error instanceof NotMediaError ? explainUnreadable(path, head, error) : error;
  });
  try {
    checkPixels(decoder.info, options.limits);
    return decoder;
  } catch (error) {
    await decoder.close();
    throw error;
  }
}

async function openWithBackend(path: string, options: FileOptions): Promise<VideoDecoder> {
  const { backend = "auto", threads = 1, signal, media } = options;
  const url = `file:${path}`;
  const opening = { url, protocols: "file", threads, ...(media === undefined ? {} : { media }) };
  if (backend !== "ffmpeg") {
    try {
      return await NodeAvDecoder.open(await loadNodeAv(), opening);
    } catch (error) {
      if (backend === "node-av" || !(error instanceof NoBackendError)) throw error;
    }
  }
  return FfmpegDecoder.open(await locateFfmpeg(), opening, signal);
}

async function isDirectory(path: string): Promise<boolean> {
  return (await statOrThrow(path)).isDirectory();
}

function statOrThrow(path: string): Promise<Stats> {
  return stat(path).catch((cause: unknown) => {
    throw new NotFoundError(
      `No file at ${JSON.stringify(path)}. Check the path; relative ones start at ${process.cwd()}.`,
      {
        cause,
      },
    );
  });
}

/** The first bytes of a file. @throws NotFoundError, NotMediaError */
async function readHead(path: string): Promise<Uint8Array> {
  const shown = JSON.stringify(path);
  const facts = await statOrThrow(path);
  if (!facts.isFile()) throw new NotMediaError(`${shown} is no regular file; pass a video file.`);
  if (facts.size === 0) throw new NotMediaError(`${shown} is empty (0 bytes); was its download cut off?`);
  const file = await open(path).catch((cause: unknown) => {
    throw new NotFoundError(`${shown} may not be read; check its permissions.`, { cause });
  });
  try {
    const { bytesRead, buffer } = await file.read(new Uint8Array(512), 0, 512, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Tells a video that was cut off or damaged from something that never was one. */
function explainUnreadable(path: string, head: Uint8Array, cause: NotMediaError): Error {
  const claimed = claimedContainer(head);
  const shown = JSON.stringify(path);
  if (claimed !== null)
    return new TruncatedError(
      `${shown} begins like ${claimed} but cannot be opened (${cause.message}): it is cut off or its header is damaged. Fetch it again, or repair it by remuxing.`,
      { cause },
    );
  return new NotMediaError(
    `${shown} is not a media file this package opens (${cause.message}). Expected MP4, MOV, WebM, MKV, AVI, MPEG-TS or the like; playlists are refused.`,
    { cause },
  );
}
