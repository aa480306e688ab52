import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { resolveModel } from "@videosafety/video-llm";
import { DefenseError } from "../../errors.js";

/** Files of a checkpoint that decide what it computes: weights, settings, tokenizer, template. */
const COUNTS = /\.(safetensors|json|jinja|txt|model)$/;

/** SHA-256 of a file's bytes. */
export async function fileHash(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 22 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/**
 * A hash over the names and contents of a checkpoint's files, and of those of an adapter on it. A hub id is resolved, from the cache where it is there.
 *
 * @throws DefenseError `model-unusable` for a directory without weights; whatever resolving throws
 */
export async function checkpointHash(
  checkpoint: string,
  adapter?: string,
): Promise<{ directory: string; sha256: string }> {
  const { directory } = await resolveModel(checkpoint);
  const hash = createHash("sha256");
  for (const folder of [directory, ...(adapter === undefined ? [] : [adapter])]) {
    const names = (await readdir(folder)).filter((name) => COUNTS.test(name)).sort();
    if (!names.some((name) => name.endsWith(".safetensors")))
      throw new DefenseError("model-unusable", `${folder}: expected a folder with safetensors files, found none`);
    for (const name of names) hash.update(`${name}\0${await fileHash(join(folder, name))}\n`);
  }
  return { directory, sha256: hash.digest("hex") };
}
