import { open } from "node:fs/promises";
import { CheckpointError } from "../errors.js";

/** Largest JSON file read: tokenizers of 250,000 tokens have 35 MB. */
const MAX_BYTES = 2 ** 27;

/** Says which file is missing, and what to do. */
export interface ReadTextOptions<T> {
  /** What to return when there is no such file; without it a missing file is an error. */
  readonly absent?: T;
  /** Ends the message about a missing file. */
  readonly hint?: string;
  /** Largest size in bytes. Default 128 MiB. */
  readonly maxBytes?: number;
}

/**
 * Reads a text file of a model directory; a byte order mark is dropped.
 *
 * @throws CheckpointError `missing-file`, or `truncated` when it is larger than it can be.
 */
export async function readText<T = never>(file: string, options: ReadTextOptions<T> = {}): Promise<string | T> {
  const { hint = "download it again", maxBytes = MAX_BYTES } = options;
  const handle = await open(file, "r").catch((cause) => {
    if ("absent" in options && (cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new CheckpointError("missing-file", `${file}: expected a file, cannot read it; ${hint}`, { file }, { cause });
  });
  if (handle === undefined) return options.absent as T;
  try {
    const found = await handle.stat();
    if (!found.isFile())
      throw new CheckpointError("missing-file", `${file}: expected a file, found something else; ${hint}`, { file });
    if (found.size > maxBytes) {
      throw new CheckpointError(
        "truncated",
        `${file}: expected at most ${maxBytes} bytes, found ${found.size}; this is not the file of a published model`,
        { file },
      );
    }
    return (await handle.readFile("utf8")).replace(/^\ufeff/, "");
  } finally {
    await handle.close();
  }
}

/** As `readText`, parsed: any JSON value. @throws CheckpointError, also `truncated` for a syntax error */
export async function readJson<T = never>(file: string, options: ReadTextOptions<T> = {}): Promise<unknown> {
  const text = await readText(file, options);
  return typeof text === "string" ? parseJson(text, file) : text;
}

/** As `readJson`, for files that hold an object. @throws CheckpointError */
export async function readJsonObject<T = never>(
  file: string,
  options: ReadTextOptions<T> = {},
): Promise<Record<string, unknown> | T> {
  const text = await readText(file, options);
  if (typeof text !== "string") return text;
  const value = parseJson(text, file);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new CheckpointError(
    "truncated",
    `${file}: expected a JSON object, found ${Array.isArray(value) ? "a list" : value === null ? "null" : typeof value}; download the file again`,
    { file },
  );
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(
      "truncated",
      `${file}: expected JSON, found a syntax error; download the file again`,
      { file },
      { cause },
    );
  }
}
