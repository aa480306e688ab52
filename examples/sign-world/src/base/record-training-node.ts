import { createHash } from "node:crypto";
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { captureEnvironment } from "@videosafety/vsb-eval/node";

/** Name of the file that says how a checkpoint was made. */
const TRAINING_RECORD = "training.json";

/**
 * Copies a checkpoint with the record of its training to a folder, in the place of the one that is there.
 * @throws Error, before anything is removed, when there is none to copy, or when the folder holds one already and `overwrite` is off
 */
export function shipCheckpoint(from: string, to: string, overwrite: boolean): void {
  for (const name of ["model.safetensors", TRAINING_RECORD])
    if (!existsSync(join(from, name))) throw new Error(`expected a trained base with ${name} in ${from}, found none`);
  const replaced = existsSync(join(to, "model.safetensors"));
  if (replaced && !overwrite)
    throw new Error(`${to} already holds a checkpoint: choose another folder with --out, or add --overwrite`);
  if (replaced) rmSync(to, { recursive: true });
  cpSync(from, to, { recursive: true });
}

/** SHA-256 of a checkpoint's weights. */
export const hashOfWeights = (folder: string): string =>
  createHash("sha256")
    .update(readFileSync(join(folder, "model.safetensors")))
    .digest("hex");

/** Writes `training.json` beside a checkpoint: what made it, the hash of its weights, and the machine and versions. */
export function recordTraining(folder: string, made: Readonly<Record<string, unknown>>): void {
  const weights = { file: "model.safetensors", sha256: hashOfWeights(folder) };
  const record = { ...made, weights, environment: captureEnvironment() };
  writeFileSync(join(folder, TRAINING_RECORD), `${JSON.stringify(record, null, 2)}\n`);
}
