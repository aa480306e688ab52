import type { ParameterGroup } from "./trainable-model.js";

/** Which hidden states are asked for. */
export interface HiddenStateRequest {
  /** One list a sample: indices into its prompt, after compression and with alarm tokens. R = all of them together. */
  readonly positions: readonly (readonly number[])[];
  /** 0 = input embeddings, n = after the n-th layer; the last one comes after the final norm. Default: the last alone. */
  readonly layers?: readonly number[];
  /** Stops the work with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Attention probabilities of one layer on one sample. */
export interface AttentionWeights {
  /** From 1, as in `HiddenStateRequest.layers`. */
  readonly layer: number;
  /** [heads, S, S] row-major; rows sum to 1. */
  readonly data: Float32Array;
  /** [heads, S, S]. */
  readonly dims: readonly number[];
}

/**
 * Optional for a model: lets any function of its hidden states be analysed (`layerProbes`, `alarmAttention`) and trained
 * (`AuxiliaryHead`). A `TrainableModel` without it trains the paper's two heads only.
 */
export interface HiddenStateModel<Sample> {
  /** Number of decoder layers n. */
  readonly layerCount: number;
  /** Hidden states [R, d] of each layer asked for, rows in the order of samples and positions. */
  hiddenStates(samples: readonly Sample[], request: HiddenStateRequest): Promise<ReadonlyMap<number, Float32Array>>;
  /**
   * Carries dLoss/dHidden [R, d] of the last layer (after the final norm) back to the parameters of some groups: the sum
   * over rows, keyed like `trainableParameters`.
   */
  hiddenGradients(
    samples: readonly Sample[],
    dLossDHidden: Float32Array,
    request: {
      readonly positions: readonly (readonly number[])[];
      readonly groups: readonly ParameterGroup[];
      readonly signal?: AbortSignal;
    },
  ): Promise<ReadonlyMap<string, Float32Array>>;
  /** Attention weights of one sample's prompt, one entry per layer. */
  attentionWeights(sample: Sample, options?: { readonly signal?: AbortSignal }): Promise<AttentionWeights[]>;
}

/** Whether a model offers hidden states. */
export function hasHiddenStates<Sample>(model: object): model is HiddenStateModel<Sample> {
  return "hiddenStates" in model && "hiddenGradients" in model && "attentionWeights" in model;
}
