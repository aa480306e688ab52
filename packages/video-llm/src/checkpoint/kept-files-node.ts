import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readText } from "../files/read-json-node.js";

/** How images become patches, as published: written again in the layout they came in. */
export const PROCESSOR_FILES = [
  "preprocessor_config.json",
  "video_preprocessor_config.json",
  "processor_config.json",
] as const;

/** Files of a model directory that say nothing about tensors, and that a save writes again as they were. */
const KEPT = [
  ...["config.json", "generation_config.json", "special_tokens_map.json", "added_tokens.json", "chat_template.json"],
  ...PROCESSOR_FILES,
];

/** Files that belong to one model: a save removes those of another that it does not replace. */
export const OWNED_FILES: readonly string[] = KEPT;

/** Texts of the files of a model directory by name, so that a save can write them again: also the Python files of remote code. */
export async function readKeptFiles(directory: string): Promise<Map<string, string>> {
  const code = (await readdir(directory)).filter((name) => /^\w+\.py$/.test(name)).slice(0, 50);
  const kept = new Map<string, string>();
  for (const name of [...KEPT, ...code]) {
    const text = await readText(join(directory, name), { absent: null, maxBytes: 2 ** 22 });
    if (text !== null) kept.set(name, text);
  }
  return kept;
}
