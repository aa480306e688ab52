/**
 * Adds gradients into running totals, in place; missing totals are created. Gradients are summed, not averaged: pass
 * losses that are already divided by the whole batch's normaliser, and 8 micro-batches equal one batch of 8.
 */
export function accumulateInto(
  totals: Map<string, Float32Array>,
  gradients: ReadonlyMap<string, Float32Array>,
  scale = 1,
): void {
  for (const [name, gradient] of gradients) {
    const total = totals.get(name);
    if (!total) {
      totals.set(name, scale === 1 ? gradient.slice() : gradient.map((g) => g * scale));
      continue;
    }
    for (let i = 0; i < total.length; i++) total[i] = (total[i] as number) + scale * (gradient[i] as number);
  }
}
