import { constants, type Stats } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { NotFoundError, NotMediaError, TruncatedError } from "../errors.js";
import { windowedReader } from "./check-claims-node.js";
import { claimedContainer, unsupportedFormat } from "./container-signature.js";
import type { ReadBytes } from "./mp4-facts.js";

/** An opened local file. Close it when done. */
export interface OpenedFile {
  /** Its first 512 bytes, or all. */
  readonly head: Uint8Array;
  /** Its length. */
  readonly totalBytes: number;
  /** Reads parts of it. */
  readonly read: ReadBytes;
  /** Closes it. */
  close(): Promise<void>;
}

/** A path as messages show it: quoted, and not longer than a line. */
export function shownPath(path: string): string {
  return JSON.stringify(path.length > 200 ? `${path.slice(0, 100)}…${path.slice(-90)}` : path);
}

/**
 * Opens a file whose bytes decoders may read: a regular one that is not empty and not of a format that is refused by name.
 * Devices, pipes and sockets are refused before anything is read from them: they may block for ever or never end.
 * @throws NotFoundError, NotMediaError
 */
export async function openRegularFile(path: string): Promise<OpenedFile> {
  const shown = shownPath(path);
  const facts: Stats = await stat(path).catch((cause: unknown) => {
    throw new NotFoundError(`No file at ${shown}. Check the path; relative ones start at ${process.cwd()}.`, { cause });
  });
  if (!facts.isFile()) throw new NotMediaError(`${shown} is no regular file; pass a video file.`);
  if (facts.size === 0) throw new NotMediaError(`${shown} is empty (0 bytes); was its download cut off?`);
  // Without waiting for a writer, should the path have become a pipe since.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((cause: unknown) => {
    throw new NotFoundError(`${shown} may not be read; check its permissions.`, { cause });
  });
  try {
    if (!(await file.stat()).isFile()) throw new NotMediaError(`${shown} is no regular file; pass a video file.`);
    const head = await readHead(file);
    const unsupported = unsupportedFormat(head);
    if (unsupported !== null) throw new NotMediaError(`${shown} is ${unsupported}.`);
    return { head, totalBytes: facts.size, read: windowedReader(file), close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readHead(file: FileHandle): Promise<Uint8Array> {
  const { bytesRead, buffer } = await file.read(new Uint8Array(512), 0, 512, 0);
  return buffer.subarray(0, bytesRead);
}

/** Tells a video that was cut off or damaged from something that never was one. */
export function explainUnreadable(path: string, head: Uint8Array, cause: NotMediaError): Error {
  const claimed = claimedContainer(head);
  const shown = shownPath(path);
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
