/**
 * The named sets of parameters a stage can train. The authors train `llm` with `alarmTokens` (stage 1), both with
 * `classifiers` (stage 2) and `llm` alone (stage 3); `projector` and `visionEncoder` stay frozen throughout.
 */
export type ParameterGroup = "llm" | "lora" | "alarmTokens" | "classifiers" | "projector" | "visionEncoder";

/** A parameter the optimizer writes to in place. */
export interface TrainableTensor {
  /** Row-major values; live: writing here changes the model once `parametersChanged()` is called. */
  readonly data: Float32Array;
  /** Sizes of the axes, outermost first; their product is `data.length`. */
  readonly dims: readonly number[];
  /** The `ParameterGroup` it belongs to (a plain string, so that a model may have groups of its own). */
  readonly group: string;
}

/** What a model must offer to be trained by `trainAtSft` and wrapped by `createGuard`. `Sample` is the model's own. */
export interface TrainableModel<Sample> {
  /** Width d of the hidden states and of the alarm tokens. */
  readonly hiddenSize: number;
  /** The live tensors of the named groups, keyed by their checkpoint names. */
  trainableParameters(groups: readonly ParameterGroup[]): ReadonlyMap<string, TrainableTensor>;
  /** Tells the model that `data` of some tensor changed (it may hold copies or caches). */
  parametersChanged(): void;
  /** Forward and backward over one micro-batch: loss terms and summed gradients. */
  atSftGradients(samples: readonly Sample[], options: AtSftOptions): Promise<AtSftResult>;
  /** Forward only: hidden states [B, d] of each alarm token and the logits of its head [B]. */
  alarmStates(samples: readonly Sample[], options?: { signal?: AbortSignal }): Promise<AlarmStates>;
}

/** Denominators of the three means of the AT-SFT loss. */
export interface AtSftNormalizers {
  /** Number of assistant tokens. */
  tokens: number;
  /** Number of samples with a visual label. */
  visual: number;
  /** Number of samples with a textual label. */
  textual: number;
}

/** What one call of `atSftGradients` computes. */
export interface AtSftOptions {
  /** The groups whose gradients are wanted. */
  groups: readonly ParameterGroup[];
  /** lambda_1, weight of the visual head's loss; 0 switches the head off. */
  lambdaVisual: number;
  /** lambda_2, weight of the textual head's loss; 0 switches the head off. */
  lambdaTextual: number;
  /** Counts of the whole accumulated batch, so that micro-batches sum to one large batch; default: this one's. */
  normalizers?: AtSftNormalizers;
  /** Stops the work with the signal's reason. */
  signal?: AbortSignal;
}

/** Loss terms and gradients of one micro-batch. Every term is a sum divided by the given normalizer. */
export interface AtSftResult {
  /** lossLm + lambdaVisual lossVisual + lambdaTextual lossTextual. */
  loss: number;
  /** Cross-entropy of the assistant tokens, in nats. */
  lossLm: number;
  /** Binary cross-entropy of the visual head, in nats, unweighted by lambda. */
  lossVisual: number;
  /** Binary cross-entropy of the textual head, in nats, unweighted by lambda. */
  lossTextual: number;
  /** Number of assistant tokens in this micro-batch. */
  tokens: number;
  /** [B] logits of the visual head. */
  visualLogits: Float32Array;
  /** [B] logits of the textual head. */
  textualLogits: Float32Array;
  /** d loss / d parameter, keyed like `trainableParameters`. */
  gradients: ReadonlyMap<string, Float32Array>;
}

/** Hidden states of the alarm tokens after the final norm, and what the heads say of them. */
export interface AlarmStates {
  /** [B, d] row-major. */
  visualHidden: Float32Array;
  /** [B, d] row-major. */
  textualHidden: Float32Array;
  /** [B] logits of p(harm | video). */
  visualLogits: Float32Array;
  /** [B] logits of p(harm | query, video). */
  textualLogits: Float32Array;
}
