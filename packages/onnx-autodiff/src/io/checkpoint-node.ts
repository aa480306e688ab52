import { createRng, type RngState } from "@videosafety/random";
import { FileFormatError } from "../errors.js";
import type { TrainableTensor } from "../tensor.js";
import type { Optimizer, OptimizerState } from "../train/optimizer.js";
import { type StoredTensor, type TensorToStore, toFloat32 } from "./safetensors.js";
import { readSafetensors, writeSafetensors } from "./safetensors-node.js";

/** Everything a run needs to continue as if it had not stopped. */
export interface TrainingState {
  readonly parameters: ReadonlyMap<string, TrainableTensor>;
  /** Optimizer whose state is saved and restored. */
  readonly optimizer?: Optimizer;
  readonly rng?: RngState;
  /** Steps done. */
  readonly step: number;
  /** Anything JSON: the resolved config, data position, metrics. It may be large. */
  readonly config?: unknown;
  /** Further tensors of the trainer's own (queues, buffers), by name. */
  readonly tensors?: ReadonlyMap<string, TensorToStore>;
}

/** A checkpoint file as read, changed nowhere yet. */
export interface SavedCheckpoint {
  /** Where it was read from. */
  readonly path: string;
  /** Steps done. */
  readonly step: number;
  /** Parameter values by name. */
  readonly parameters: ReadonlyMap<string, Float32Array>;
  /** Optimizer state; undefined when none was saved. */
  readonly optimizer: OptimizerState | undefined;
  /** Generator state; undefined when none was saved. */
  readonly rng: RngState | undefined;
  /** What was saved as `config`. */
  readonly config: unknown;
  /** What was saved as `tensors`. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

const FORMAT = "onnx-autodiff-checkpoint-2";
const PARAMETER = "parameter.";
const SLOT = "optimizer.";
const OWN = "trainer.";
const STATE = "state";

/**
 * Writes parameters, optimizer, step, generator, config and further tensors into one safetensors file, atomically. All JSON
 * lies in a tensor of bytes named "state", so that the header stays small however large it is.
 */
export async function saveCheckpoint(path: string, state: TrainingState): Promise<void> {
  const tensors = new Map<string, TensorToStore>();
  for (const [name, { data, dims }] of state.parameters) tensors.set(PARAMETER + name, { data, dims });
  const optimizer = state.optimizer?.state();
  for (const [name, data] of optimizer?.slots ?? []) tensors.set(SLOT + name, { data, dims: [data.length] });
  for (const [name, tensor] of state.tensors ?? []) tensors.set(OWN + name, tensor);
  const training = { step: state.step, optimizerStep: optimizer?.step, rng: state.rng, config: state.config };
  const json = new TextEncoder().encode(JSON.stringify(training));
  tensors.set(STATE, { data: json, dims: [json.length], dtype: "uint8" });
  await writeSafetensors(path, tensors, { format: FORMAT });
}

/**
 * Reads a checkpoint and checks it, without changing anything.
 * @throws FileFormatError when the file is not a checkpoint of this format, or holds impossible values
 */
export async function readCheckpoint(path: string): Promise<SavedCheckpoint> {
  const { tensors, metadata } = await readSafetensors(path);
  const state = tensors.get(STATE);
  if (metadata.format !== FORMAT || !(state?.data instanceof Uint8Array))
    throw new FileFormatError(
      `${path}: expected a training checkpoint of format ${FORMAT}, found ${metadata.format ?? "none"}; weights alone are read with readSafetensors, a checkpoint of another version by the version that wrote it`,
    );
  const training = parseState(path, state.data);
  const named = (prefix: string): [string, StoredTensor][] =>
    [...tensors].flatMap(([name, t]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), t]] : []));
  const floats = (prefix: string) => new Map(named(prefix).map(([name, tensor]) => [name, toFloat32(tensor)]));
  const { step, optimizerStep, rng, config } = training;
  return {
    path,
    step,
    rng,
    config,
    parameters: floats(PARAMETER),
    optimizer: optimizerStep === undefined ? undefined : { step: optimizerStep, slots: floats(SLOT) },
    tensors: new Map(named(OWN)),
  };
}

interface SavedState {
  readonly step: number;
  readonly optimizerStep: number | undefined;
  readonly rng: RngState | undefined;
  readonly config: unknown;
}

function parseState(path: string, json: Uint8Array): SavedState {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
  } catch (cause) {
    throw new FileFormatError(`${path}: the state of the checkpoint is not JSON; the file is damaged`, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new FileFormatError(`${path}: expected an object as state of the checkpoint, found ${JSON.stringify(value)}`);
  const { step, optimizerStep, rng, config } = value as Partial<Record<string, unknown>>;
  const count = (name: string, x: unknown): number => {
    if (Number.isSafeInteger(x) && (x as number) >= 0) return x as number;
    throw new FileFormatError(
      `${path}: expected a whole number >= 0 as ${name} of the checkpoint, found ${JSON.stringify(x)}`,
    );
  };
  const generator = (): RngState => {
    try {
      if (!Array.isArray(rng)) throw new TypeError("not a list");
      return createRng(rng as unknown as RngState).state;
    } catch (cause) {
      throw new FileFormatError(`${path}: the generator state of the checkpoint is ${JSON.stringify(rng)}`, { cause });
    }
  };
  return {
    step: count("step", step),
    optimizerStep: optimizerStep === undefined ? undefined : count("optimizerStep", optimizerStep),
    rng: rng === undefined ? undefined : generator(),
    config,
  };
}

/** What a checkpoint is copied into. */
export interface CheckpointTarget {
  /** Live parameters. */
  readonly parameters: ReadonlyMap<string, TrainableTensor>;
  /** Its state is overwritten; left out, a saved one is ignored. */
  readonly optimizer?: Optimizer;
}

/**
 * Copies a checkpoint's values into live parameters and the optimizer. Nothing is changed when it does not fit.
 * @throws FileFormatError when names or sizes differ
 */
export function restoreCheckpoint(saved: SavedCheckpoint, target: CheckpointTarget): void {
  const { path, parameters, optimizer } = saved;
  for (const [name, { data }] of target.parameters) {
    const found = parameters.get(name)?.length;
    if (found !== data.length)
      throw new FileFormatError(
        `${path}: parameter ${name} needs ${data.length} elements, found ${found ?? "none"}; the checkpoint is of another model`,
      );
  }
  for (const name of parameters.keys())
    if (!target.parameters.has(name))
      throw new FileFormatError(
        `${path}: the checkpoint has parameter ${name}, the model does not; resume what was trained`,
      );
  if (target.optimizer) {
    if (optimizer === undefined) throw new FileFormatError(`${path}: holds no optimizer state`);
    try {
      target.optimizer.loadState(optimizer);
    } catch (cause) {
      throw new FileFormatError(`${path}: ${(cause as Error).message}`, { cause });
    }
  }
  for (const [name, { data }] of target.parameters) data.set(parameters.get(name) as Float32Array);
}

/** `readCheckpoint` and `restoreCheckpoint` in one. @throws FileFormatError; nothing is changed then */
export async function loadCheckpoint(path: string, target: CheckpointTarget): Promise<SavedCheckpoint> {
  const saved = await readCheckpoint(path);
  restoreCheckpoint(saved, target);
  return saved;
}
