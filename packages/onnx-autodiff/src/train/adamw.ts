import type { TrainableTensor } from "../tensor.js";
import { adamWInto } from "./adamw-kernel.js";
import {
  copySlots,
  type GroupOptions,
  type Optimizer,
  type OptimizerState,
  parameterOf,
  type StepOptions,
} from "./optimizer.js";

/** Settings of `AdamW`; PyTorch's defaults. */
export interface AdamWOptions extends GroupOptions {
  /** Step size, default 1e-3. */
  readonly learningRate?: number;
  /** Decay of the first moment, default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment, default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the second moment, default 1e-8. */
  readonly epsilon?: number;
  /** Decoupled weight decay, default 0.01. */
  readonly weightDecay?: number;
  /** Settings of single groups. */
  readonly groups?: Readonly<Record<string, GroupOptions>>;
}

/**
 * AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101, as PyTorch computes it): one fused pass over each parameter, in
 * place, as fast as the update inside the graph and without its output copies.
 *
 * ```ts
 * const optimizer = new AdamW(parameters, { learningRate: 1e-3, groups: { llm: { learningRate: 1e-5 } } });
 * optimizer.step(gradients, { learningRateScale: schedule(step) });
 * ```
 */
export class AdamW implements Optimizer {
  readonly #parameters: ReadonlyMap<string, TrainableTensor>;
  readonly #options: AdamWOptions;
  readonly #slots = new Map<string, Float32Array>();
  #step = 0;

  constructor(parameters: ReadonlyMap<string, TrainableTensor>, options: AdamWOptions = {}) {
    this.#parameters = parameters;
    this.#options = options;
    for (const [name, parameter] of parameters) {
      this.#slots.set(`exp_avg.${name}`, new Float32Array(parameter.data.length));
      this.#slots.set(`exp_avg_sq.${name}`, new Float32Array(parameter.data.length));
    }
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
    const {
      learningRate = 1e-3,
      beta1 = 0.9,
      beta2 = 0.999,
      epsilon = 1e-8,
      weightDecay = 0.01,
      groups = {},
    } = this.#options;
    for (const [name, gradient] of gradients) parameterOf(this.#parameters, name, gradient);
    this.#step++;
    const correction1 = 1 - beta1 ** this.#step;
    const correction2 = Math.sqrt(1 - beta2 ** this.#step);
    for (const [name, gradient] of gradients) {
      const { data, group } = this.#parameters.get(name) as TrainableTensor;
      const rate = (groups[group]?.learningRate ?? learningRate) * learningRateScale;
      adamWInto(
        data,
        gradient,
        this.#slots.get(`exp_avg.${name}`) as Float32Array,
        this.#slots.get(`exp_avg_sq.${name}`) as Float32Array,
        {
          step: (rate * correction2) / correction1,
          epsilon: epsilon * correction2,
          decay: 1 - rate * (groups[group]?.weightDecay ?? weightDecay),
          gain1: 1 - beta1,
          gain2: 1 - beta2,
          gradientScale,
        },
      );
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
