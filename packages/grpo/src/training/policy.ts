/** A tensor the optimizer updates in place. `data` is live: the policy reads it again after `parametersChanged()`. */
export interface TrainableTensor {
  /** Row-major values. */
  readonly data: Float32Array;
  /** Shape; the product equals `data.length`. */
  readonly dims: readonly number[];
  /** Parameter group, for per-group learning rates ("llm", "lora", ...). */
  readonly group: string;
}

/** One sampled completion. */
export interface Completion {
  /** Sampled ids, the end token included when one was sampled. */
  readonly tokenIds: Int32Array;
  /** The decoded text that rewards read. */
  readonly text: string;
  /** Log-probability of each sampled token, under the distribution it was sampled from; same length as `tokenIds`. */
  readonly logProbs: Float64Array;
  /** "stop": an end token was sampled; "length": cut at `maxCompletionLength`. */
  readonly finishReason: "stop" | "length";
}

/** A completion to score: its prompt and its token ids. */
export interface PolicyItem<Prompt> {
  /** The prompt, opaque to this package. */
  readonly prompt: Prompt;
  /** Completion ids, the end token included when there is one. */
  readonly tokenIds: Int32Array;
}

/** How completions are drawn. */
export interface GenerateOptions {
  /** Completions a prompt (G). */
  readonly numGenerations: number;
  /** Most tokens a completion may have (L). */
  readonly maxCompletionLength: number;
  /** Softmax temperature, > 0. */
  readonly temperature: number;
  /** Nucleus mass in (0, 1]; 1 switches it off. */
  readonly topP: number;
  /** Keep the k most likely tokens; 0 switches it off. */
  readonly topK: number;
  /** Seed of this call; equal seeds and parameters give equal completions. */
  readonly seed: number;
  /** Stops the work early. */
  readonly signal?: AbortSignal;
}

/** Which model scores, and at what temperature. */
export interface LogProbOptions {
  /** The trained policy, or the frozen reference. */
  readonly model: "policy" | "reference";
  /** Divides the logits before the softmax; default 1. */
  readonly temperature?: number;
  /** Stops the work early. */
  readonly signal?: AbortSignal;
}

/** Options of a backward pass. */
export interface PolicyGradientOptions {
  /** Must be the temperature the log-probabilities were computed at; default 1. */
  readonly temperature?: number;
  /** Stops the work early. */
  readonly signal?: AbortSignal;
}

/**
 * A language model as GRPO sees it. The trainer knows nothing about tokens, images or graphs: it draws completions, asks
 * for their log-probabilities, and hands back dLoss/dLogProbs.
 */
export interface Policy<Prompt> {
  /** The tensors the optimizer updates, by name. */
  trainableParameters(): ReadonlyMap<string, TrainableTensor>;
  /** Called after every in-place update of the parameters. */
  parametersChanged(): void;
  /** `[P][G]` completions for P prompts. */
  generate(prompts: readonly Prompt[], options: GenerateOptions): Promise<Completion[][]>;
  /** Per-token log-probabilities of given completions; row i has `items[i].tokenIds.length` values. */
  logProbs(items: readonly PolicyItem<Prompt>[], options: LogProbOptions): Promise<Float64Array[]>;
  /** Sum over items and tokens of `dLossDLogProbs[i][t] * d logp[i][t] / d theta`, keyed like the parameters. */
  gradients(
    items: readonly PolicyItem<Prompt>[],
    dLossDLogProbs: readonly Float64Array[],
    options?: PolicyGradientOptions,
  ): Promise<ReadonlyMap<string, Float32Array>>;
  /** Optional: per-token entropies (nats) under the policy; needed only by `topEntropyQuantile < 1`. */
  entropies?(items: readonly PolicyItem<Prompt>[], options: PolicyGradientOptions): Promise<Float64Array[]>;
}
