import { join } from "node:path";
import { DefenseError } from "../errors.js";
import type { ResolvedStage } from "../run-file/resolve-stages.js";
import type { RunFile } from "../run-file/run-schema.js";
import { readRunRecord } from "../train/run-folder-node.js";

/** A checkpoint to evaluate. */
export interface RunCheckpoint {
  /** `base`, or the name of a stage. */
  readonly name: string;
  /** Model directory, hub id, or folder of an adapter. */
  readonly source: string;
}

/**
 * The checkpoints of a run: its base, and every stage that is complete.
 *
 * @param only names to take; null: all
 * @throws DefenseError `run-differs` for a folder without a run; `usage` for a name that is none, or not complete
 */
export function runCheckpoints(
  run: RunFile,
  stages: readonly ResolvedStage[],
  only: readonly string[] | null,
): RunCheckpoint[] {
  // The base can be measured before anything is trained.
  const completed = only?.every((name) => name === "base") ? {} : readRunRecord(run.out).completed;
  const trained = stages
    .filter(({ name }) => completed[name] !== undefined)
    .map(({ name }) => ({ name, source: join(run.out, "models", name) }));
  const all = [{ name: "base", source: run.model.source }, ...trained];
  if (only === null) return all;
  return only.map((name) => {
    const found = all.find((one) => one.name === name);
    if (found !== undefined) return found;
    const known = stages.some((stage) => stage.name === name) ? "which is not complete" : "which the run has not";
    throw new DefenseError(
      "usage",
      `expected checkpoints among ${all.map((one) => one.name).join(", ")}, found ${name}, ${known}`,
    );
  });
}
