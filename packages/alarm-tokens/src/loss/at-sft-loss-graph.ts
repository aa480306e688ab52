import {
  add,
  div,
  exp,
  matmul,
  mul,
  neg,
  reshape,
  softplus,
  sub,
  sumAll,
  type Value,
} from "@videosafety/onnx-autodiff";

/** One alarm token classification head inside a graph. All values have one float type. */
export interface AtcHeadValues {
  /** [B, d] hidden states of the alarm token after the final norm. */
  readonly hidden: Value;
  /** [1, d], `*_tokens_cls.weight`. */
  readonly weight: Value;
  /** [1], `*_tokens_cls.bias`. */
  readonly bias: Value;
  /** [B] 0 = safe, 1 = harmful; any value where the mask is 0. */
  readonly labels: Value;
  /** [B] 1 where the label is known, 0 elsewhere; times a class weight if wanted. */
  readonly labelMask: Value;
  /** Scalar: number of labelled samples of the whole accumulated batch. */
  readonly normalizer: Value;
  /** Scalar value, or a number baked into the graph. */
  readonly lambda: Value | number;
  /** gamma of the focal loss; default 0. */
  readonly focalGamma?: number;
}

/** What the AT-SFT loss is built from. */
export interface AtSftLossGraphInputs {
  /** Log-probabilities of the target tokens, any shape. */
  readonly tokenLogProbs: Value;
  /** Same shape: 1 on assistant tokens, 0 elsewhere. */
  readonly tokenWeights: Value;
  /** Scalar: number of assistant tokens of the whole accumulated batch. */
  readonly tokenNormalizer: Value;
  /** Left out where no head is trained (stages 1 and 3). */
  readonly visual?: AtcHeadValues;
  /** Left out where no head is trained (stages 1 and 3). */
  readonly textual?: AtcHeadValues;
}

/** Scalars, and the logits [B] of each head that was given. */
export interface AtSftLossGraph {
  /** lossLm + lambda_1 lossVisual + lambda_2 lossTextual: differentiate this. */
  readonly loss: Value;
  /** Cross-entropy of the assistant tokens, nats. */
  readonly lossLm: Value;
  /** Undefined without a visual head. */
  readonly lossVisual?: Value;
  /** Undefined without a textual head. */
  readonly lossTextual?: Value;
  /** [B]. */
  readonly visualLogits?: Value;
  /** [B]. */
  readonly textualLogits?: Value;
}

/**
 * Appends the AT-SFT loss to a graph: the same function as `atSftLoss`, on onnx-autodiff values. Build it once per
 * micro-batch shape; normalizers (and lambdas, if values) are inputs, so that one graph serves every batch.
 */
export function atSftLossGraph(inputs: AtSftLossGraphInputs): AtSftLossGraph {
  const lossLm = neg(div(sumAll(mul(inputs.tokenLogProbs, inputs.tokenWeights)), inputs.tokenNormalizer));
  const visual = inputs.visual === undefined ? undefined : headLoss(inputs.visual);
  const textual = inputs.textual === undefined ? undefined : headLoss(inputs.textual);
  let loss = lossLm;
  if (visual !== undefined) loss = add(loss, visual.weighted);
  if (textual !== undefined) loss = add(loss, textual.weighted);
  return {
    loss,
    lossLm,
    ...(visual && { lossVisual: visual.loss, visualLogits: visual.logits }),
    ...(textual && { lossTextual: textual.loss, textualLogits: textual.logits }),
  };
}

/** Logits [B] of a head on hidden states [B, d]: what inference needs of it. */
export function atcLogitsGraph(head: Pick<AtcHeadValues, "hidden" | "weight" | "bias">): Value {
  const rows = head.hidden.shape[0] as number;
  return reshape(add(matmul(head.hidden, head.weight, { transposeB: true }), head.bias), [rows]);
}

function headLoss(head: AtcHeadValues): { logits: Value; loss: Value; weighted: Value } {
  const logits = atcLogitsGraph(head);
  // With u = (2y - 1) z: cross-entropy is softplus(-u), and log(1 - p_t) is -softplus(u).
  const margin = mul(sub(mul(head.labels, 2), 1), logits);
  let entropy = softplus(neg(margin));
  if (head.focalGamma) entropy = mul(exp(mul(softplus(margin), -head.focalGamma)), entropy);
  const loss = div(sumAll(mul(entropy, head.labelMask)), head.normalizer);
  return { logits, loss, weighted: mul(loss, head.lambda) };
}
