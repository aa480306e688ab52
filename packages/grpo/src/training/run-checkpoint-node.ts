import {
  type CheckpointTarget,
  readCheckpoint,
  restoreCheckpoint,
  type SavedCheckpoint,
  saveStepCheckpoint,
  type TensorToStore,
  type TrainingState,
} from "@videosafety/onnx-autodiff";
import * as z from "zod/mini";
import { grpoConfigSchema } from "../config/train-config.js";
import { GrpoCheckpointError } from "../errors.js";
import type { PreparedRollout } from "./rollout.js";
import { packedRolloutSchema, packRollout, unpackRollout } from "./rollout-tensors.js";
import { checkSameRun, type RunIdentity } from "./same-run.js";

/** Where a run stands, beside parameters, optimizer, generator and step. */
export interface RunProgress {
  /** Rollouts begun. */
  readonly rollouts: number;
  /** Prompts drawn from the data so far. */
  readonly promptsDrawn: number;
  /** Optimizer steps already made on the first rollout of the queue. */
  readonly updatesOfFirst: number;
  /** Rollouts generated but not used up, oldest first. */
  readonly queue: readonly PreparedRollout[];
}

const natural = z.int().check(z.nonnegative());
const stateSchema = z.strictObject({
  trainer: z.literal("trainGrpo"),
  config: grpoConfigSchema,
  rewards: z.array(z.string()),
  rollouts: natural,
  promptsDrawn: natural,
  updatesOfFirst: natural,
  queue: z.array(packedRolloutSchema),
});

/** Writes a checkpoint of the run into its directory. Returns the path. */
export async function saveRun(
  directory: string,
  identity: RunIdentity,
  state: Required<Pick<TrainingState, "parameters" | "optimizer" | "rng" | "step">>,
  { queue, ...progress }: RunProgress,
): Promise<string> {
  const { data, config, rewards } = identity;
  const tensors = new Map<string, TensorToStore>([["data", { data, dims: [data.length / 2, 2] }]]);
  const packed = queue.map((rollout, slot) => packRollout(rollout, slot, tensors));
  const json: z.output<typeof stateSchema> = {
    trainer: "trainGrpo",
    config,
    rewards: [...rewards],
    ...progress,
    queue: packed,
  };
  return saveStepCheckpoint(directory, { ...state, config: json, tensors }, config.saveTotalLimit);
}

/**
 * Reads a checkpoint of the same run and copies it into parameters and optimizer; nothing is changed when it does not fit.
 *
 * @throws GrpoCheckpointError on a damaged file, another trainer's, or one of a run with other settings, rewards or data
 */
export async function resumeRun(
  path: string,
  identity: RunIdentity,
  target: CheckpointTarget,
): Promise<RunProgress & Pick<SavedCheckpoint, "step" | "rng">> {
  const saved = await asCheckpointError(
    `${path} cannot be read as a checkpoint; delete it to fall back to the one before`,
    () => readCheckpoint(path),
  );
  const { trainer } = (saved.config ?? {}) as { trainer?: unknown };
  if (trainer !== "trainGrpo")
    throw new GrpoCheckpointError(
      `${path} is a checkpoint of ${trainer ?? "another program"}, expected one of trainGrpo`,
    );
  const parsed = stateSchema.safeParse(saved.config);
  if (!parsed.success)
    throw new GrpoCheckpointError(
      `${path} holds no state of a run as this version writes it:\n${z.prettifyError(parsed.error)}`,
      {
        cause: parsed.error,
      },
    );
  const { config, rewards, queue, rollouts, promptsDrawn, updatesOfFirst } = parsed.data;
  const data = saved.tensors.get("data")?.data;
  if (!(data instanceof Int32Array) || saved.rng === undefined)
    throw new GrpoCheckpointError(
      `${path}: expected fingerprints of the data and a generator state; the file is damaged`,
    );
  checkSameRun(path, { config, rewards, data }, identity);
  const rows = data.length / 2;
  if (queue.some(({ exampleIndices }) => exampleIndices.some((row) => row >= rows)))
    throw new GrpoCheckpointError(
      `${path}: a waiting rollout names rows beyond the ${rows} of the data; the file is damaged`,
    );
  const rolloutsWaiting = queue.map((rollout, slot) => unpackRollout(rollout, slot, saved.tensors, path));
  await asCheckpointError(`${path} does not fit this policy`, () => restoreCheckpoint(saved, target));
  return { rollouts, promptsDrawn, updatesOfFirst, queue: rolloutsWaiting, step: saved.step, rng: saved.rng };
}

async function asCheckpointError<T>(what: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new GrpoCheckpointError(`${what}: ${(cause as Error).message}`, { cause });
  }
}
