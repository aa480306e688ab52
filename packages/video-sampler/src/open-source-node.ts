import { open, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { claimedContainer } from "./container-signature.js";
import type { VideoDecoder } from "./decoder.js";
import { NoBackendError, NotFoundError, NotMediaError, TruncatedError } from "./errors.js";
import { FfmpegDecoder } from "./ffmpeg-decoder-node.js";
import { locateFfmpeg } from "./ffmpeg-program-node.js";
import { NodeAvDecoder } from "./node-av-decoder-node.js";
import { loadNodeAv } from "./node-av-loader-node.js";
import type { SampleOptions } from "./sample-options.js";

/**
 * Opens a local video file in the backend the options name.
 * @throws NotFoundError, NotMediaError, TruncatedError, NoVideoStreamError, DecoderMissingError, NoBackendError
 */
export async function openSource(path: string, options: SampleOptions): Promise<VideoDecoder> {
  const head = await readHead(path);
  try {
    return await openWithBackend(resolve(path), options);
  } catch (error) {
    if (!(error instanceof NotMediaError)) throw error;
    throw explainUnreadable(path, head, error);
  }
}

async function openWithBackend(path: string, options: SampleOptions): Promise<VideoDecoder> {
  const { backend = "auto", threads = 1, signal } = options;
  const url = `file:${path}`;
  const opening = { url, protocols: "file", threads };
  if (backend !== "ffmpeg") {
    try {
      return await NodeAvDecoder.open(await loadNodeAv(), opening);
    } catch (error) {
      if (backend === "node-av" || !(error instanceof NoBackendError)) throw error;
    }
  }
  return FfmpegDecoder.open(await locateFfmpeg(), opening, signal);
}

/** The first bytes of a file. @throws NotFoundError, NotMediaError */
async function readHead(path: string): Promise<Uint8Array> {
  const shown = JSON.stringify(path);
  const facts = await stat(path).catch((cause: unknown) => {
    throw new NotFoundError(`No file at ${shown}. Check the path; relative ones start at ${process.cwd()}.`, { cause });
  });
  if (facts.isDirectory()) throw new NotMediaError(`${shown} is a directory; pass a video file.`);
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
