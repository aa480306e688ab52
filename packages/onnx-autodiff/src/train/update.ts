import { NonFiniteError } from "../errors.js";
import { clipGradNorm } from "./clip-grad-norm.js";
import { assertFinite } from "./finite.js";
import type { Optimizer } from "./optimizer.js";

/** Options of `updateParameters`. */
export interface UpdateOptions {
  /** Clip the gradients' total norm to it. Default: no clipping. */
  readonly maxGradNorm?: number;
  /** Factor on the learning rate, e.g. a schedule's value. Default 1. */
  readonly learningRateScale?: number;
  /** NaN or infinity in loss or gradients: throw (default), or leave the parameters alone and report it. */
  readonly onNonFinite?: "throw" | "skip";
}

/** What an update did. */
export interface UpdateReport {
  /** Total gradient norm before clipping; NaN when skipped. */
  readonly gradNorm: number;
  /** The first bad value when the step was skipped. Count these: a run that skips often is broken. */
  readonly skipped: NonFiniteError | undefined;
}

/**
 * Checks, clips and applies one update. Parameters and optimizer state change only when loss and gradients are finite.
 * @throws NonFiniteError naming the first bad tensor, unless `onNonFinite` is `"skip"`
 */
export function updateParameters(
  optimizer: Optimizer,
  loss: number,
  gradients: ReadonlyMap<string, Float32Array>,
  options: UpdateOptions = {},
): UpdateReport {
  const { norm, scale } = clipGradNorm(gradients, options.maxGradNorm ?? Number.POSITIVE_INFINITY);
  // Squares of float32 cannot overflow float64, so a finite norm says that every gradient is: the search is for errors.
  if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
    try {
      assertFinite(loss, gradients);
    } catch (error) {
      if (options.onNonFinite !== "skip" || !(error instanceof NonFiniteError)) throw error;
      return { gradNorm: Number.NaN, skipped: error };
    }
  }
  optimizer.step(gradients, { gradientScale: scale, learningRateScale: options.learningRateScale ?? 1 });
  return { gradNorm: norm, skipped: undefined };
}
