import {
  type CheckpointTarget,
  type Optimizer,
  readCheckpoint,
  restoreCheckpoint,
  saveStepCheckpoint,
} from "@videosafety/onnx-autodiff";
import * as z from "zod";
import type { TrainableTensor } from "../model/trainable-model.js";
import { type AtSftConfig, atSftConfigSchema } from "./at-sft-config.js";
import type { DataIdentity } from "./data-identity.js";
import { CheckpointMismatchError } from "./training-errors.js";

/** What a checkpoint holds beside parameters and optimizer. */
export interface TrainingProgress {
  /** Steps made. */
  readonly step: number;
  /** The resolved configuration. */
  readonly config: AtSftConfig;
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
  "perDeviceTrainBatchSize",
  "microBatchTokens",
  "packing",
  "saveSteps",
  "saveTotalLimit",
]);

const natural = z.number().int().nonnegative();
const stateSchema = z.strictObject({
  trainer: z.literal("trainAtSft"),
  config: atSftConfigSchema,
  sourceLengths: z.record(z.string(), natural),
  best: z.strictObject({ step: natural, frr: z.number() }).nullable(),
  evaluationsWithoutImprovement: natural,
});

/** Writes a checkpoint of the run into its directory. Returns the path. */
export async function saveRun(
  directory: string,
  trained: Trained,
  { step, config, ...rest }: TrainingProgress,
  data: DataIdentity,
): Promise<string> {
  const state: z.output<typeof stateSchema> = {
    trainer: "trainAtSft",
    config,
    sourceLengths: data.sourceLengths(),
    ...rest,
  };
  const saved = { ...trained, step, config: state, tensors: data.tensors() };
  return saveStepCheckpoint(directory, saved, config.saveTotalLimit);
}

/**
 * Reads a checkpoint of the same run and copies it into live parameters and optimizer; nothing is changed when it does not fit.
 *
 * @throws CheckpointMismatchError when the file is damaged, another trainer's, or of a run with other settings or other data.
 */
export async function resumeRun(
  path: string,
  target: CheckpointTarget,
  config: AtSftConfig,
  data: DataIdentity,
): Promise<TrainingProgress> {
  const saved = await mismatch(`expected a checkpoint at ${path}, found another file`, () => readCheckpoint(path));
  const { trainer } = (saved.config ?? {}) as { trainer?: unknown };
  if (trainer !== "trainAtSft") {
    throw new CheckpointMismatchError(
      `expected a checkpoint of trainAtSft at ${path}, found one of ${trainer ?? "another program"}`,
    );
  }
  const parsed = stateSchema.safeParse(saved.config);
  if (!parsed.success) {
    throw new CheckpointMismatchError(
      `expected the state of a run as this version writes it at ${path}, found:\n${z.prettifyError(parsed.error)}`,
      { cause: parsed.error },
    );
  }
  const { best, evaluationsWithoutImprovement, sourceLengths } = parsed.data;
  const keys = Object.keys(config) as (keyof AtSftConfig)[];
  const changed = keys.filter(
    (key) => !FREE_SETTINGS.has(key) && JSON.stringify(parsed.data.config[key]) !== JSON.stringify(config[key]),
  );
  if (changed.length > 0) {
    throw new CheckpointMismatchError(
      `expected the settings that ${path} was written with, found others for ${changed.join(", ")}; resume with the same or start anew`,
    );
  }
  const difference = await data.differenceFrom(sourceLengths, saved.tensors);
  if (difference !== null) {
    throw new CheckpointMismatchError(
      `expected the data that ${path} was written with, found that ${difference}; resume with the same data in the same order, or start anew`,
    );
  }
  await mismatch(`expected a checkpoint of this model at ${path}`, () => restoreCheckpoint(saved, target));
  return { step: saved.step, config, best, evaluationsWithoutImprovement };
}

async function mismatch<T>(what: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new CheckpointMismatchError(`${what}: ${(cause as Error).message}`, { cause });
  }
}
