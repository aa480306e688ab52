import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { NoBackendError, NotMediaError } from "../errors.js";
import { checkMp4Claims } from "../source/check-claims-node.js";
import { explainUnreadable, openRegularFile } from "../source/local-media-node.js";
import { readMatroskaColors } from "../source/matroska-colors.js";
import type { ColorTags } from "../source/mp4-facts.js";
import type { PartialFile } from "../source/partial-file-node.js";
import type { RemoteMedia } from "../source/remote-media.js";
import { checkPixels } from "../video/sampling-limits.js";
import type { VideoDecoder } from "./decoder.js";
import { fetchMp4Index } from "./fetch-mp4-index-node.js";
import { FfmpegDecoder } from "./ffmpeg/ffmpeg-decoder-node.js";
import { locateFfmpeg } from "./ffmpeg/ffmpeg-program-node.js";
import { ImageFolderDecoder } from "./image-folder-decoder-node.js";
import { NodeAvDecoder } from "./node-av/node-av-decoder-node.js";
import { loadNodeAv } from "./node-av/node-av-loader-node.js";
import type { OpenOptions } from "./open-options.js";

/**
 * Opens a local video file or image folder in the backend the options name.
 * @throws NotFoundError, NotMediaError, TruncatedError, NoVideoStreamError, DecoderMissingError, NoBackendError,
 * LimitExceededError
 */
export async function openPath(path: string, options: OpenOptions): Promise<VideoDecoder> {
  const absolute = resolve(path);
  const facts = await stat(absolute).catch(() => null);
  if (facts?.isDirectory() === true)
    return ImageFolderDecoder.open(absolute, (image) => openFile(image, options), options.limits);
  return openFile(absolute, options);
}

/**
 * Opens a remote file of which nothing but the first bytes is here. node-av can do with the index of an MP4 and the packets
 * a plan needs; everything else is fetched whole first.
 * @throws as {@link openPath}, and what fetching throws
 */
export async function openPartial(file: PartialFile, options: OpenOptions): Promise<VideoDecoder> {
  const media = options.backend === "ffmpeg" ? null : await fetchMp4Index(file, options).catch(withoutNodeAv(options));
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
  const { head, totalBytes, read, close } = await openRegularFile(path);
  let colors: (ColorTags | null)[] | null;
  try {
    const tracks = await checkMp4Claims(read, totalBytes, options.limits);
    colors = tracks?.map(({ color }) => color) ?? (await readMatroskaColors(totalBytes, read));
  } finally {
    await close();
  }
  const decoder = await openWithBackend(path, options, colors ?? []).catch((error: unknown) => {
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

async function openWithBackend(
  path: string,
  options: FileOptions,
  containerColors: readonly (ColorTags | null)[],
): Promise<VideoDecoder> {
  const { backend = "auto", threads = 1, signal, media, stream, limits } = options;
  const opening = { url: `file:${path}`, protocols: "file", threads, stream, limits, containerColors };
  if (backend !== "ffmpeg") {
    try {
      return await NodeAvDecoder.open(await loadNodeAv(), { ...opening, ...(media === undefined ? {} : { media }) });
    } catch (error) {
      if (backend === "node-av" || !(error instanceof NoBackendError)) throw error;
    }
  }
  return FfmpegDecoder.open({ ...opening, program: await locateFfmpeg() }, signal);
}
