import type { ParameterGroup } from "@videosafety/alarm-tokens";

/** A parameter the optimizer writes to in place: alarm-tokens' and grpo's `TrainableTensor`. */
export interface TrainableTensor {
  /** Row-major values; live. */
  readonly data: Float32Array;
  /** Shape. */
  readonly dims: readonly number[];
  /** Its `ParameterGroup`. */
  readonly group: ParameterGroup;
}
