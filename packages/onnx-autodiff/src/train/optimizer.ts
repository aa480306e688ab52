import { OnnxAutodiffError } from "../errors.js";
import type { TrainableTensor } from "../tensor.js";

/** Settings that may differ between parameter groups. */
export interface GroupOptions {
  /** Step size; overrides the optimizer's. */
  readonly learningRate?: number;
  /** Decoupled weight decay; overrides the optimizer's. */
  readonly weightDecay?: number;
}

/** What a step takes beside gradients. */
export interface StepOptions {
  /** Factor on every group's learning rate, e.g. a schedule's value. Default 1. */
  readonly learningRateScale?: number;
  /** Factor on every gradient, e.g. a clipping coefficient. Default 1. */
  readonly gradientScale?: number;
}

/** Saveable optimizer state: step count and named slots (`exp_avg.<parameter>`, ...). The arrays are live. */
export interface OptimizerState {
  /** Steps taken. */
  readonly step: number;
  readonly slots: ReadonlyMap<string, Float32Array>;
}

/** Updates live parameters in place. */
export interface Optimizer {
  /** Steps taken. */
  readonly stepCount: number;
  /** Applies one update to every parameter that has a gradient; the others keep data and state. */
  step(gradients: ReadonlyMap<string, Float32Array>, options?: StepOptions): void;
  /** Live state to save. */
  state(): OptimizerState;
  /** Copies a saved state in. @throws OnnxAutodiffError when names or sizes differ */
  loadState(state: OptimizerState): void;
}

/** A parameter or state that does not fit the optimizer (`INVALID_OPTIMIZER_STATE`). */
export class OptimizerError extends OnnxAutodiffError {
  constructor(message: string) {
    super("INVALID_OPTIMIZER_STATE", message);
  }
}

/** The parameter a gradient belongs to. @throws OptimizerError on an unknown name or a wrong size */
export function parameterOf(
  parameters: ReadonlyMap<string, TrainableTensor>,
  name: string,
  gradient: Float32Array,
): TrainableTensor {
  const parameter = parameters.get(name);
  if (!parameter)
    throw new OptimizerError(
      `gradient ${name} belongs to no parameter; known: ${[...parameters.keys()].slice(0, 8).join(", ")}, ...`,
    );
  if (parameter.data.length !== gradient.length) {
    throw new OptimizerError(
      `gradient ${name} has ${gradient.length} elements, its parameter ${parameter.data.length}`,
    );
  }
  return parameter;
}

/** Copies saved slots into live ones. @throws OptimizerError when names or sizes differ */
export function copySlots(live: ReadonlyMap<string, Float32Array>, saved: ReadonlyMap<string, Float32Array>): void {
  for (const [name, slot] of live) {
    const source = saved.get(name);
    if (source?.length !== slot.length)
      throw new OptimizerError(`state ${name}: expected ${slot.length} elements, found ${source?.length ?? "none"}`);
  }
  for (const name of saved.keys())
    if (!live.has(name)) throw new OptimizerError(`state ${name} belongs to no parameter of this optimizer`);
  for (const [name, slot] of live) slot.set(saved.get(name) as Float32Array);
}
