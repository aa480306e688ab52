import type { AlarmVectors } from "./alarm-embeddings.js";
import { AlarmShapeError } from "./errors.js";

/** A tensor as a plain object. */
export interface FloatTensor {
  /** Row-major values. */
  readonly data: Float32Array;
  /** Sizes of the axes. */
  readonly dims: readonly number[];
}

/** The two files of a PEFT prompt-tuning adapter. */
export interface PeftPromptTuning {
  /** `adapter_config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** `adapter_model.safetensors`: `prompt_embeddings` [2, d], the visual row first. */
  readonly tensors: ReadonlyMap<string, FloatTensor>;
}

/**
 * Lays the alarm vectors out as a Hugging Face PEFT prompt-tuning adapter: two virtual tokens. PEFT itself prepends
 * virtual tokens, so it carries the weights but not the places: inserting them at the alarm positions stays the reader's
 * task, and `alarm_tokens` in the config says which row is which.
 *
 * @throws AlarmShapeError when the vectors differ in width.
 */
export function toPeftPromptTuning(vectors: AlarmVectors, baseModel: string): PeftPromptTuning {
  const width = vectors.visual.length;
  if (width === 0 || vectors.textual.length !== width) {
    throw new AlarmShapeError(`expected two vectors of one width, found ${width} and ${vectors.textual.length}`);
  }
  const data = new Float32Array(2 * width);
  data.set(vectors.visual, 0);
  data.set(vectors.textual, width);
  return {
    config: {
      peft_type: "PROMPT_TUNING",
      task_type: "CAUSAL_LM",
      base_model_name_or_path: baseModel,
      num_virtual_tokens: 2,
      token_dim: width,
      num_transformer_submodules: 1,
      prompt_tuning_init: "RANDOM",
      inference_mode: true,
      alarm_tokens: ["visual", "textual"],
    },
    tensors: new Map([["prompt_embeddings", { data, dims: [2, width] }]]),
  };
}

/** Reads the vectors back. @throws AlarmShapeError unless there is one tensor `prompt_embeddings` [2, d]. */
export function fromPeftPromptTuning(tensors: ReadonlyMap<string, FloatTensor>): AlarmVectors {
  const tensor = tensors.get("prompt_embeddings");
  const [rows, width = 0] = tensor?.dims ?? [];
  if (tensor === undefined || tensor.dims.length !== 2 || rows !== 2 || tensor.data.length !== 2 * width) {
    throw new AlarmShapeError(
      `expected prompt_embeddings [2, d], the visual row first, found ${tensor ? `[${tensor.dims}]` : [...tensors.keys()].join(", ") || "nothing"}`,
    );
  }
  return { visual: tensor.data.slice(0, width), textual: tensor.data.slice(width) };
}
