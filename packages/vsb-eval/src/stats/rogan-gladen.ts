/**
 * The prevalence that an imperfect judge's rate stands for (Rogan and Gladen 1978):
 * clip((q + sp - 1) / (se + sp - 1), 0, 1); null if se + sp <= 1 (the judge says nothing).
 *
 * @param rate q, the share the judge calls positive; @param sensitivity se; @param specificity sp; all in [0, 1].
 */
export function roganGladen(rate: number, sensitivity: number, specificity: number): number | null {
  const informative = sensitivity + specificity - 1;
  return informative <= 0 ? null : Math.min(1, Math.max(0, (rate + specificity - 1) / informative));
}
