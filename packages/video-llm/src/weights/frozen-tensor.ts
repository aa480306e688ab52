import type { FrozenStorage } from "@videosafety/onnx-autodiff";
import type { TrainableTensor } from "./trainable-tensor.js";

/** A tensor of a frozen base: its bytes stay in their file. */
export interface FrozenTensor extends TrainableTensor {
  /** A float32 copy, read from the file at every access: for saving and inspection, not for writing. */
  readonly data: Float32Array;
  /** Where the bytes lie and what they mean. */
  readonly storage: FrozenStorage;
}

/** The weights of a model that are not held in memory. */
export interface FrozenBase {
  /** Directory of their files. */
  readonly directory: string;
  /** Tensors by the authors' names. */
  readonly tensors: ReadonlyMap<string, FrozenTensor>;
}

/** Whether a tensor is frozen. */
export const isFrozen = (tensor: TrainableTensor): tensor is FrozenTensor => "storage" in tensor;
