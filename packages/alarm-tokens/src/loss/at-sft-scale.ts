import type { AtSftNormalizers } from "../model/trainable-model.js";

/** Alarm positions and labels of a sample, which the authors' collator appends to its labels. */
const METADATA_ITEMS = 4;

/** Counts of a whole batch. */
export interface AtSftCounts extends AtSftNormalizers {
  /** All samples, labelled or not. */
  readonly samples: number;
}

/** Denominators and weights of the three terms of the loss. */
export interface AtSftScale {
  /** Denominators, at least 1 each, so that an empty term is 0. */
  readonly normalizers: AtSftNormalizers;
  /** What the mean visual term is multiplied by. */
  readonly lambdaVisual: number;
  /** What the mean textual term is multiplied by. */
  readonly lambdaTextual: number;
}

/**
 * How the terms of the AT-SFT loss are weighed. The paper's equation, L = L_LM + lambda_1 L_ATC^v + lambda_2 L_ATC^t, leaves the scale of the
 * terms open. By default each is a mean: over answer tokens, over samples.
 *
 * `compat: "vsr1"` is what the authors' code computes (`videollama3_qwen2.py` at 7589dea under transformers 4.46.3, one sample per device and
 * pass): the sum of all terms is divided by `num_items_in_batch`, the answer tokens of the batch plus four per sample, because their
 * collator appends positions and labels of the alarms to the labels that are counted. So lambda acts (answer tokens per sample + 4) times weaker
 * than by default. Tested against their forward, run on tiny weights.
 */
export function atSftScale(
  counts: AtSftCounts,
  lambdas: { readonly lambdaVisual: number; readonly lambdaTextual: number },
  compat: "vsr1" | null = null,
): AtSftScale {
  const [tokens, visual, textual] = [counts.tokens, counts.visual, counts.textual].map((n) => Math.max(1, n)) as [
    number,
    number,
    number,
  ];
  const { lambdaVisual, lambdaTextual } = lambdas;
  if (compat === null) return { normalizers: { tokens, visual, textual }, lambdaVisual, lambdaTextual };
  const items = Math.max(1, counts.tokens + METADATA_ITEMS * counts.samples);
  return {
    normalizers: { tokens: items, visual, textual },
    lambdaVisual: (lambdaVisual * visual) / items,
    lambdaTextual: (lambdaTextual * textual) / items,
  };
}
