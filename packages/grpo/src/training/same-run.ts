import { describeDataChange } from "@videosafety/onnx-autodiff";
import type { GrpoConfig } from "../config/train-config.js";
import { GrpoCheckpointError } from "../errors.js";

/** A run may be prolonged; any other change would silently make it another run. */
const MAY_CHANGE: ReadonlySet<string> = new Set([
  "maxSteps",
  "numTrainEpochs",
  "saveSteps",
  "saveTotalLimit",
  "evalSteps",
  "perDeviceTrainBatchSize",
]);

/** What makes a run the run it is, beside its parameters. */
export interface RunIdentity {
  /** The resolved configuration. */
  readonly config: GrpoConfig;
  /** Names of the reward columns, in order. */
  readonly rewards: readonly string[];
  /** Fingerprints of the training rows, [rows, 2] (`fingerprintRows`). */
  readonly data: Int32Array;
}

/** @throws GrpoCheckpointError when a resumed run has other settings, rewards or data than the one that was saved */
export function checkSameRun(path: string, saved: RunIdentity, current: RunIdentity): void {
  const changed = Object.keys(current.config).filter((key) => {
    const name = key as keyof GrpoConfig;
    return !MAY_CHANGE.has(key) && JSON.stringify(saved.config[name]) !== JSON.stringify(current.config[name]);
  });
  if (changed.length > 0)
    throw new GrpoCheckpointError(
      `${path} was made with other values of ${changed.join(", ")}; resume with the saved configuration or start a new run`,
    );
  if (saved.rewards.join("\n") !== current.rewards.join("\n"))
    throw new GrpoCheckpointError(
      `${path} was made with the rewards ${saved.rewards.join(", ")}, this run has ${current.rewards.join(", ")}; pass the same in the same order or start a new run`,
    );
  const difference = describeDataChange(saved.data, current.data);
  if (difference !== null)
    throw new GrpoCheckpointError(
      `${path} was made with other training data: ${difference}. Resume with the same data in the same order, or start a new run; where prompts are recomputed with other rounding, pass fingerprintOf`,
    );
}
