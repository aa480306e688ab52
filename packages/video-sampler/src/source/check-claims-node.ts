import type { FileHandle } from "node:fs/promises";
import { LimitExceededError } from "../errors.js";
import type { SamplingLimits } from "../video/sampling-limits.js";
import { maxFramesOf } from "../video/sampling-limits.js";
import { type Mp4Track, type ReadBytes, readMp4Tracks } from "./mp4-facts.js";

const WINDOW = 2 ** 12;

/** Reads of a file through one small window, since box headers lie close together. */
export function windowedReader(file: FileHandle): ReadBytes {
  let window = new Uint8Array(0);
  let windowStart = 0;
  return async (start, end) => {
    if (start < windowStart || end > windowStart + window.length) {
      const buffer = new Uint8Array(Math.max(WINDOW, end - start));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
      window = buffer.subarray(0, bytesRead);
      windowStart = start;
    }
    return window.subarray(start - windowStart, end - windowStart);
  };
}

/**
 * Holds what the tables of an MP4 claim against the file's length and the limits, before any library makes room for it.
 * @returns the tracks; null for other containers, whose tables take room in the file for every entry
 * @throws LimitExceededError
 */
export async function checkMp4Claims(
  read: ReadBytes,
  totalBytes: number,
  limits: SamplingLimits = {},
): Promise<Mp4Track[] | null> {
  const tracks = await readMp4Tracks(totalBytes, read);
  const claimed = Math.max(0, ...(tracks ?? []).map(({ samples }) => samples));
  if (claimed > totalBytes)
    throw new LimitExceededError(
      `The file's tables claim ${claimed} samples in ${totalBytes} bytes, which cannot be: it is damaged or meant to exhaust memory.`,
    );
  const frames = Math.max(
    0,
    ...(tracks ?? []).flatMap(({ handler, samples }) => (handler === "vide" ? [samples] : [])),
  );
  const most = maxFramesOf(limits);
  if (frames > most)
    throw new LimitExceededError(
      `The file claims ${frames} frames, above the limit of ${most}; raise limits.maxFrames if you trust it.`,
    );
  return tracks;
}
