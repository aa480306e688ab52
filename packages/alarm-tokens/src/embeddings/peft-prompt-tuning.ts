import { AlarmShapeError } from "../errors.js";
import type { AlarmVectors } from "./alarm-embeddings.js";

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
  /** `adapter_model.safetensors`: `prompt_embeddings` [n + m, d], the visual rows first. */
  readonly tensors: ReadonlyMap<string, FloatTensor>;
}

/**
 * Lays the alarm vectors out as a Hugging Face PEFT prompt-tuning adapter: one virtual token a vector. PEFT itself prepends
 * virtual tokens, so it carries the weights but not the places: inserting them at the alarm positions stays the reader's
 * task, and `alarm_tokens` in the config says which row is which.
 *
 * @param options `visualVectors`: n, by which d is told; default 1
 * @throws AlarmShapeError when the vectors differ in width.
 */
export function toPeftPromptTuning(
  vectors: AlarmVectors,
  baseModel: string,
  options: { readonly visualVectors?: number } = {},
): PeftPromptTuning {
  const { visualVectors = 1 } = options;
  const width = vectors.visual.length / visualVectors;
  const textualVectors = vectors.textual.length / width;
  if (!(width > 0 && Number.isInteger(width) && textualVectors > 0 && Number.isInteger(textualVectors))) {
    throw new AlarmShapeError(
      `expected ${visualVectors} visual vectors and textual ones of one width, found ${vectors.visual.length} and ${vectors.textual.length} values`,
    );
  }
  const rows = visualVectors + textualVectors;
  const data = new Float32Array(rows * width);
  data.set(vectors.visual, 0);
  data.set(vectors.textual, vectors.visual.length);
  return {
    config: {
      peft_type: "PROMPT_TUNING",
      task_type: "CAUSAL_LM",
      base_model_name_or_path: baseModel,
      num_virtual_tokens: rows,
      token_dim: width,
      num_transformer_submodules: 1,
      prompt_tuning_init: "RANDOM",
      inference_mode: true,
      alarm_tokens: Array.from({ length: rows }, (_, j) => (j < visualVectors ? "visual" : "textual")),
    },
    tensors: new Map([["prompt_embeddings", { data, dims: [rows, width] }]]),
  };
}

/**
 * Reads the vectors back.
 *
 * @param config the adapter's config, whose `alarm_tokens` tells the rows apart; default: one row per modality
 * @throws AlarmShapeError unless there is one tensor `prompt_embeddings` [n + m, d] with a row for each of them.
 */
export function fromPeftPromptTuning(
  tensors: ReadonlyMap<string, FloatTensor>,
  config: Readonly<Record<string, unknown>> = {},
): AlarmVectors {
  const { alarm_tokens: named = ["visual", "textual"] } = config;
  const tensor = tensors.get("prompt_embeddings");
  const [rows, width = 0] = tensor?.dims ?? [];
  const names = Array.isArray(named) ? named : [];
  const visualRows = names.filter((name) => name === "visual").length;
  const sorted = names.every((name, j) => name === (j < visualRows ? "visual" : "textual"));
  const fits = sorted && visualRows > 0 && visualRows < names.length && rows === names.length;
  if (!fits || tensor?.dims.length !== 2 || tensor.data.length !== rows * width) {
    throw new AlarmShapeError(
      `expected prompt_embeddings with the rows [${names}], the visual ones first, found ${tensor ? `[${tensor.dims}]` : [...tensors.keys()].join(", ") || "nothing"}; pass the adapter's config where there are several vectors per modality`,
    );
  }
  return { visual: tensor.data.slice(0, visualRows * width), textual: tensor.data.slice(visualRows * width) };
}
