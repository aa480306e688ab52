import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { removeAbandoned } from "./atomic-file-node.js";
import { saveCheckpoint, type TrainingState } from "./checkpoint-node.js";

const FILE = /^step-(\d{8,16})\.safetensors$/;

/**
 * Writes `step-<n>.safetensors` into a run's directory and then deletes the oldest beyond `saveTotalLimit`. A process killed
 * at any point leaves the newest complete file. One run per directory.
 *
 * @param directory created when missing
 * @param saveTotalLimit newest files to keep, at least 1; null keeps all
 * @returns path of the new file
 */
export async function saveStepCheckpoint(
  directory: string,
  state: TrainingState,
  saveTotalLimit: number | null,
): Promise<string> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, `step-${String(state.step).padStart(8, "0")}.safetensors`);
  await saveCheckpoint(path, state);
  const files = await checkpointFiles(directory);
  const surplus = saveTotalLimit === null ? 0 : files.length - Math.max(1, saveTotalLimit);
  for (const old of files.slice(0, Math.max(0, surplus))) await rm(join(directory, old), { force: true });
  return path;
}

/** Path of the checkpoint with the most steps in a run's directory, undefined when there is none (start afresh then). */
export async function latestCheckpoint(directory: string): Promise<string | undefined> {
  const newest = (await checkpointFiles(directory)).at(-1);
  return newest === undefined ? undefined : join(directory, newest);
}

/** Makes a run's directory ready: creates it, and removes what killed runs left half written. Call it when a run starts. */
export async function prepareCheckpointDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await removeAbandoned(directory, (name) => FILE.test(name));
}

async function checkpointFiles(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const stepOf = (name: string): number => Number(FILE.exec(name)?.[1]);
  return names.filter((name) => FILE.test(name)).sort((a, b) => stepOf(a) - stepOf(b));
}
