import { NonFiniteError } from "../errors.js";

/** Index of the first NaN or infinity, or -1. */
export function firstNonFinite(data: ArrayLike<number>): number {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return i;
  return -1;
}

/** Checks a loss and its gradients. @throws NonFiniteError naming the first bad tensor and element */
export function assertFinite(loss: number, gradients: ReadonlyMap<string, Float32Array>): void {
  if (!Number.isFinite(loss)) throw new NonFiniteError("loss", 0, loss);
  for (const [name, gradient] of gradients) {
    const index = firstNonFinite(gradient);
    if (index >= 0) throw new NonFiniteError(name, index, gradient[index] as number);
  }
}
