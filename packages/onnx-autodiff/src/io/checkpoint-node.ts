import type { RngState } from "@videosafety/random";
import { FileFormatError } from "../errors.js";
import type { TrainableTensor } from "../tensor.js";
import type { Optimizer } from "../train/optimizer.js";
import { type TensorToStore, toFloat32 } from "./safetensors.js";
import { readSafetensors, writeSafetensors } from "./safetensors-node.js";

/** Everything a run needs to continue as if it had not stopped. */
export interface TrainingState {
  readonly parameters: ReadonlyMap<string, TrainableTensor>;
  /** Optimizer whose state is saved and restored. */
  readonly optimizer?: Optimizer;
  readonly rng?: RngState;
  /** Steps done. */
  readonly step: number;
  /** Anything JSON: the resolved config, data position, metrics. */
  readonly config?: unknown;
}

const PARAMETER = "parameter.";
const SLOT = "optimizer.";

/** Writes parameters, optimizer, step, generator and config into one safetensors file, atomically. */
export async function saveCheckpoint(path: string, state: TrainingState): Promise<void> {
  const tensors = new Map<string, TensorToStore>();
  for (const [name, { data, dims }] of state.parameters) tensors.set(PARAMETER + name, { data, dims });
  const optimizer = state.optimizer?.state();
  for (const [name, data] of optimizer?.slots ?? []) tensors.set(SLOT + name, { data, dims: [data.length] });
  const training = { step: state.step, optimizerStep: optimizer?.step, rng: state.rng, config: state.config };
  await writeSafetensors(path, tensors, { format: "onnx-autodiff-checkpoint-1", training: JSON.stringify(training) });
}

/**
 * Copies a checkpoint into the live parameters and the optimizer, and returns the rest. Nothing is changed when the file
 * does not fit.
 * @throws FileFormatError when the file is not a checkpoint or names and sizes differ
 */
export async function loadCheckpoint(
  path: string,
  target: { readonly parameters: ReadonlyMap<string, TrainableTensor>; readonly optimizer?: Optimizer },
): Promise<{ step: number; rng: RngState | undefined; config: unknown }> {
  const { tensors, metadata } = await readSafetensors(path);
  if (metadata.format !== "onnx-autodiff-checkpoint-1" || metadata.training === undefined) {
    throw new FileFormatError(`${path}: not a training checkpoint; weights alone are read with readSafetensors`);
  }
  const training = JSON.parse(metadata.training) as {
    step: number;
    optimizerStep?: number;
    rng?: RngState;
    config?: unknown;
  };
  const slots = new Map<string, Float32Array>();
  const parameters = new Map<string, Float32Array>();
  for (const [name, tensor] of tensors) {
    if (name.startsWith(SLOT)) slots.set(name.slice(SLOT.length), toFloat32(tensor));
    else parameters.set(name.slice(PARAMETER.length), toFloat32(tensor));
  }
  for (const [name, { data }] of target.parameters) {
    if (parameters.get(name)?.length !== data.length) {
      throw new FileFormatError(
        `${path}: parameter ${name} needs ${data.length} elements, found ${parameters.get(name)?.length ?? "none"}`,
      );
    }
  }
  if (target.optimizer) {
    if (training.optimizerStep === undefined) throw new FileFormatError(`${path}: holds no optimizer state`);
    target.optimizer.loadState({ step: training.optimizerStep, slots });
  }
  for (const [name, { data }] of target.parameters) data.set(parameters.get(name) as Float32Array);
  return { step: training.step, rng: training.rng, config: training.config };
}
