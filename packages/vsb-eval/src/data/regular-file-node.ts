import { stat } from "node:fs/promises";
import { VsbEvalError } from "../errors.js";

/**
 * Makes sure that a path names a regular file before it is read: a device such as /dev/zero never ends, a pipe may never begin.
 *
 * @param what what the file is for, as the message names it
 * @throws {VsbEvalError} `media_missing` (or the code that is passed), naming what is there instead
 */
export async function regularFile(
  path: string,
  what: string,
  code: "media_missing" | "invalid_input" = "media_missing",
): Promise<void> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === "ENOENT" ? "nothing" : cause.message;
    throw new VsbEvalError(code, `expected ${what} at ${path}, found ${reason}: check the path`, { cause });
  });
  if (found.isFile()) return;
  const kinds = [
    [found.isDirectory(), "a folder"],
    [found.isFIFO(), "a pipe"],
    [found.isCharacterDevice() || found.isBlockDevice(), "a device"],
    [found.isSocket(), "a socket"],
  ] as const;
  const kind = kinds.find(([is]) => is)?.[1] ?? "something else";
  throw new VsbEvalError(code, `expected ${what} at ${path}, found ${kind}: name a regular file`);
}
