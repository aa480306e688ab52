import type { TrainableTensor } from "../tensor.js";

/** Exponential moving average of live parameters: average = decay average + (1 - decay) parameter. */
export class ExponentialMovingAverage {
  /** Live averages by parameter name; save them like parameters. */
  readonly averages: ReadonlyMap<string, Float32Array>;
  readonly #parameters: ReadonlyMap<string, TrainableTensor>;

  /** @param decay - in [0, 1), e.g. 0.999; averages start as copies of the parameters */
  constructor(
    parameters: ReadonlyMap<string, TrainableTensor>,
    readonly decay: number,
  ) {
    if (!(decay >= 0 && decay < 1)) throw new RangeError(`EMA decay must be in [0, 1), found ${decay}`);
    this.#parameters = parameters;
    this.averages = new Map([...parameters].map(([name, { data }]) => [name, data.slice()]));
  }

  /** Moves the averages towards the parameters; call it after each optimizer step. */
  update(): void {
    const gain = 1 - this.decay;
    for (const [name, average] of this.averages) {
      const { data } = this.#parameters.get(name) as TrainableTensor;
      for (let i = 0; i < average.length; i++)
        average[i] = (average[i] as number) + gain * ((data[i] as number) - (average[i] as number));
    }
  }

  /** Exchanges parameters and averages in place: once to evaluate, once more to train on. */
  swap(): void {
    for (const [name, average] of this.averages) {
      const { data } = this.#parameters.get(name) as TrainableTensor;
      const copy = data.slice();
      data.set(average);
      average.set(copy);
    }
  }
}
