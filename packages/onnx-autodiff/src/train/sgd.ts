import type { TrainableTensor } from "../tensor.js";
import {
  copySlots,
  type GroupOptions,
  type Optimizer,
  type OptimizerState,
  parameterOf,
  type StepOptions,
} from "./optimizer.js";

/** Settings of `Sgd`. */
export interface SgdOptions extends GroupOptions {
  /** Step size, default 1e-2. */
  readonly learningRate?: number;
  /** Heavy-ball momentum, default 0. */
  readonly momentum?: number;
  /** Decoupled weight decay, default 0. */
  readonly weightDecay?: number;
  /** Settings of single groups. */
  readonly groups?: Readonly<Record<string, GroupOptions>>;
}

/** Stochastic gradient descent with momentum: v = momentum v + g, p -= rate v (PyTorch's form, dampening 0; decay decoupled). */
export class Sgd implements Optimizer {
  readonly #parameters: ReadonlyMap<string, TrainableTensor>;
  readonly #options: SgdOptions;
  readonly #slots = new Map<string, Float32Array>();
  #step = 0;

  constructor(parameters: ReadonlyMap<string, TrainableTensor>, options: SgdOptions = {}) {
    this.#parameters = parameters;
    this.#options = options;
    if (!options.momentum) return;
    for (const [name, parameter] of parameters)
      this.#slots.set(`momentum.${name}`, new Float32Array(parameter.data.length));
  }

  /** Steps taken. */
  get stepCount(): number {
    return this.#step;
  }

  /** Applies one update; see `Optimizer`. @throws OptimizerError on a gradient without a parameter */
  step(
    gradients: ReadonlyMap<string, Float32Array>,
    { learningRateScale = 1, gradientScale = 1 }: StepOptions = {},
  ): void {
    const { learningRate = 1e-2, momentum = 0, weightDecay = 0, groups = {} } = this.#options;
    for (const [name, gradient] of gradients) parameterOf(this.#parameters, name, gradient);
    this.#step++;
    for (const [name, gradient] of gradients) {
      const { data, group } = this.#parameters.get(name) as TrainableTensor;
      const rate = (groups[group]?.learningRate ?? learningRate) * learningRateScale;
      const decay = 1 - rate * (groups[group]?.weightDecay ?? weightDecay);
      const velocity = this.#slots.get(`momentum.${name}`);
      for (let i = 0; i < data.length; i++) {
        let update = (gradient[i] as number) * gradientScale;
        if (velocity) velocity[i] = update += momentum * (velocity[i] as number);
        data[i] = decay * (data[i] as number) - rate * update;
      }
    }
  }

  /** Live state to save. */
  state(): OptimizerState {
    return { step: this.#step, slots: this.#slots };
  }

  /** Copies a saved state in. @throws OptimizerError when names or sizes differ */
  loadState(state: OptimizerState): void {
    copySlots(this.#slots, state.slots);
    this.#step = state.step;
  }
}
