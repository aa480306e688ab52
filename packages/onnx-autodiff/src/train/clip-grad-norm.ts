/** Euclidean norm over all gradients together, summed in float64. */
export function gradNorm(gradients: ReadonlyMap<string, Float32Array>): number {
  let total = 0;
  for (const gradient of gradients.values()) {
    let sum = 0;
    for (let i = 0; i < gradient.length; i++) sum += (gradient[i] as number) * (gradient[i] as number);
    total += sum;
  }
  return Math.sqrt(total);
}

/**
 * The total norm before clipping and the factor `min(1, maxNorm / (norm + 1e-6))` of PyTorch's clip_grad_norm_. Pass the
 * factor to `step` as `gradientScale`: gradients themselves stay as they are.
 */
export function clipGradNorm(
  gradients: ReadonlyMap<string, Float32Array>,
  maxNorm: number,
): { norm: number; scale: number } {
  const norm = gradNorm(gradients);
  return { norm, scale: Math.min(1, maxNorm / (norm + 1e-6)) };
}
