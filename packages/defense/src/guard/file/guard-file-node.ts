import { readFile } from "node:fs/promises";
import { replaceFile } from "@videosafety/safety-data/node";
import * as z from "zod";
import { DefenseError } from "../../errors.js";
import { type GuardFile, guardFileSchema } from "./guard-file.js";

/** Reads a guard. @throws DefenseError `invalid-input` for a file that is missing or not one */
export async function readGuardFile(path: string): Promise<GuardFile> {
  const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw new DefenseError(
      "invalid-input",
      `${path}: expected a guard file, found ${cause.code === "ENOENT" ? "no file" : cause.code}; videosafety guard calibrate makes one`,
      { cause },
    );
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DefenseError("invalid-input", `${path}: expected JSON, found what cannot be read; calibrate again`, {
      cause,
    });
  }
  const parsed = guardFileSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new DefenseError(
    "invalid-input",
    `${path}: expected a file of videosafety guard calibrate, found:\n${z.prettifyError(parsed.error)}`,
    { cause: parsed.error },
  );
}

/** Writes a guard as a whole or not at all. */
export async function writeGuardFile(path: string, file: GuardFile): Promise<void> {
  await replaceFile(path, `${JSON.stringify(file, null, 1)}\n`);
}
