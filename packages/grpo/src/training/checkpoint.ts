import type { OptimizerState, RngState } from "@videosafety/onnx-autodiff";
import type { GrpoConfig } from "../config/train-config.js";
import { GrpoCheckpointError } from "../errors.js";
import type { TrainableTensor } from "./policy.js";
import type { PreparedRollout } from "./rollout.js";

/** Everything a run needs to go on as if it had never stopped. Arrays are copies. */
export interface GrpoCheckpoint {
  /** Format of this object. */
  readonly version: 1;
  /** The resolved configuration the run was started with. */
  readonly config: GrpoConfig;
  /** Optimizer steps taken. */
  readonly step: number;
  /** Rollouts begun. */
  readonly rollouts: number;
  /** Prompts drawn from the data so far. */
  readonly promptsDrawn: number;
  /** State of the sampling generator. */
  readonly rng: RngState;
  /** Trained tensors by name. */
  readonly parameters: ReadonlyMap<string, Float32Array>;
  /** AdamW's moments. */
  readonly optimizer: OptimizerState;
  /** Rollouts generated but not used up, oldest first. */
  readonly queue: readonly PreparedRollout[];
  /** Optimizer steps already made on the first of them. */
  readonly updatesOfFirst: number;
}

/** Where checkpoints go. `@videosafety/grpo/node` keeps them in a directory. */
export interface CheckpointStore {
  /** Must have made the checkpoint durable, all or nothing, when it resolves. */
  save(checkpoint: GrpoCheckpoint): Promise<void>;
}

/** Copies saved parameters into live ones. @throws GrpoCheckpointError when names or sizes differ */
export function restoreParameters(
  live: ReadonlyMap<string, TrainableTensor>,
  saved: ReadonlyMap<string, Float32Array>,
): void {
  for (const [name, tensor] of live) {
    const found = saved.get(name)?.length;
    if (found !== tensor.data.length)
      throw new GrpoCheckpointError(
        `checkpoint tensor ${name} has ${found ?? "no"} values, expected ${tensor.data.length}: it belongs to another model`,
      );
  }
  for (const name of saved.keys())
    if (!live.has(name))
      throw new GrpoCheckpointError(`the policy has no trainable tensor ${name}, the checkpoint does`);
  for (const [name, tensor] of live) tensor.data.set(saved.get(name) as Float32Array);
}

/** A run may be prolonged; any other change would silently make it another run. */
const MAY_CHANGE: ReadonlySet<string> = new Set([
  "maxSteps",
  "numTrainEpochs",
  "saveSteps",
  "evalSteps",
  "microBatchSize",
]);

/** @throws GrpoCheckpointError when the configuration of a resumed run differs in more than how long it goes */
export function checkSameConfig(saved: GrpoConfig, current: GrpoConfig): void {
  const changed = Object.keys(current).filter((key) => {
    const name = key as keyof GrpoConfig;
    return !MAY_CHANGE.has(key) && JSON.stringify(saved[name]) !== JSON.stringify(current[name]);
  });
  if (changed.length > 0)
    throw new GrpoCheckpointError(
      `the checkpoint was made with other values of ${changed.join(", ")}; resume with the saved configuration or start a new run`,
    );
}
