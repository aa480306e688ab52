import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { loadCheckpoint, type Optimizer, saveCheckpoint } from "@videosafety/onnx-autodiff";
import type { TrainableTensor } from "../model/trainable-model.js";
import type { AtSftConfig } from "./at-sft-config.js";
import { CheckpointMismatchError } from "./training-errors.js";

/** What a checkpoint holds beside parameters and optimizer. */
export interface TrainingProgress {
  /** Steps made. */
  readonly step: number;
  /** The resolved configuration. */
  readonly config: AtSftConfig;
  /** Length of each source: another corpus is another run. */
  readonly sourceLengths: Readonly<Record<string, number>>;
  /** Best evaluation so far. */
  readonly best: { readonly step: number; readonly frr: number } | null;
  /** Evaluations since the best one. */
  readonly evaluationsWithoutImprovement: number;
}

interface Trained {
  readonly parameters: ReadonlyMap<string, TrainableTensor>;
  readonly optimizer: Optimizer;
}

/** Settings that a resumed run may change: they alter memory, disk or reports, not the trajectory (but for rounding). */
const FREE_SETTINGS = new Set<keyof AtSftConfig>([
  "microBatchSamples",
  "microBatchTokens",
  "packing",
  "checkpointEverySteps",
  "keepCheckpoints",
]);

const FILE = /^step-(\d{8})\.safetensors$/;

/** Writes `step-<n>.safetensors` atomically and deletes the oldest beyond `keepCheckpoints`. Returns its path. */
export async function writeTrainingCheckpoint(
  directory: string,
  trained: Trained,
  progress: TrainingProgress,
): Promise<string> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, `step-${String(progress.step).padStart(8, "0")}.safetensors`);
  await saveCheckpoint(path, { ...trained, step: progress.step, config: progress });
  const files = (await readdir(directory)).filter((name) => FILE.test(name)).sort();
  for (const name of files.slice(0, -progress.config.keepCheckpoints)) await rm(join(directory, name), { force: true });
  return path;
}

/** Path of the checkpoint with the most steps in a directory, or null: pass it as `resumeFrom`. */
export async function latestCheckpoint(directory: string): Promise<string | null> {
  const files = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const newest = files
    .filter((name) => FILE.test(name))
    .sort()
    .at(-1);
  return newest === undefined ? null : join(directory, newest);
}

/**
 * Copies a checkpoint into live parameters and optimizer.
 *
 * @throws CheckpointMismatchError when it was written by a run with other settings or other data.
 */
export async function readTrainingCheckpoint(
  path: string,
  trained: Trained,
  expected: Pick<TrainingProgress, "config" | "sourceLengths">,
): Promise<TrainingProgress> {
  const before = new Map([...trained.parameters].map(([name, { data }]) => [name, data.slice()]));
  const { config } = await loadCheckpoint(path, trained);
  try {
    return checkProgress(path, config, expected);
  } catch (error) {
    for (const [name, data] of before) trained.parameters.get(name)?.data.set(data);
    throw error;
  }
}

function checkProgress(
  path: string,
  saved: unknown,
  expected: Pick<TrainingProgress, "config" | "sourceLengths">,
): TrainingProgress {
  const progress = saved as Partial<TrainingProgress> | undefined;
  if (progress?.config === undefined || progress.step === undefined || progress.sourceLengths === undefined) {
    throw new CheckpointMismatchError(`expected a checkpoint of trainAtSft at ${path}, found one without its progress`);
  }
  const keys = Object.keys(expected.config) as (keyof AtSftConfig)[];
  const changed = keys.filter(
    (key) => !FREE_SETTINGS.has(key) && JSON.stringify(progress.config?.[key]) !== JSON.stringify(expected.config[key]),
  );
  if (changed.length > 0) {
    throw new CheckpointMismatchError(
      `expected the settings that ${path} was written with, found others for ${changed.join(", ")}; resume with the same or start anew`,
    );
  }
  if (JSON.stringify(progress.sourceLengths) !== JSON.stringify(expected.sourceLengths)) {
    throw new CheckpointMismatchError(
      `expected the data that ${path} was written with, ${JSON.stringify(progress.sourceLengths)}, found ${JSON.stringify(expected.sourceLengths)}`,
    );
  }
  return progress as TrainingProgress;
}
