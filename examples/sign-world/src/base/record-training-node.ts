import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { captureEnvironment } from "@videosafety/vsb-eval/node";

/** Name of the file that says how a checkpoint was made. */
export const TRAINING_RECORD = "training.json";

/**
 * Makes sure that a checkpoint may be written to a folder.
 * @throws Error when the folder holds one already and `overwrite` is off
 */
export function checkOutputFolder(folder: string, overwrite: boolean): void {
  if (overwrite || !existsSync(join(folder, "model.safetensors"))) return;
  throw new Error(`${folder} already holds a checkpoint: choose another folder with --out, or add --overwrite`);
}

/** Writes `training.json` beside a checkpoint: what made it, the hash of its weights, and the machine and versions. */
export function recordTraining(folder: string, made: Readonly<Record<string, unknown>>): void {
  const weights = readFileSync(join(folder, "model.safetensors"));
  const sha256 = createHash("sha256").update(weights).digest("hex");
  const record = { ...made, weights: { file: "model.safetensors", sha256 }, environment: captureEnvironment() };
  writeFileSync(join(folder, TRAINING_RECORD), `${JSON.stringify(record, null, 2)}\n`);
}
