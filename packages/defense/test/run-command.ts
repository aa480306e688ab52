import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { main } from "../src/cli/main-node.js";
import { writeAuthorsData } from "./authors-data.js";
import { writePublishedModel } from "./published-model.js";

/** Runs a command of `videosafety` in this process. */
export async function runCommand(args: readonly string[], signal: AbortSignal = new AbortController().signal) {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    interactive: false,
  };
  const code = await main(args, terminal, signal);
  return { code, out: out.join(""), err: err.join("") };
}

/** Writes a small model in the published layout, the authors' records with their clips, and a run file. @returns the run file's path */
export async function writeRun(folder: string, text: string): Promise<string> {
  await writePublishedModel(join(folder, "model"), "videollama3");
  await writeAuthorsData(folder);
  const file = join(folder, "run.yaml");
  await writeFile(file, text);
  return file;
}
