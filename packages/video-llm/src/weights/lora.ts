import type { LoraSpec, Params } from "@videosafety/onnx-autodiff";
import type { VideoLlmConfig } from "../config/config.js";
import { OptionsError } from "../errors.js";
import type { ParameterSpec } from "./parameter-spec.js";
import { parameterSpecs } from "./parameters.js";

/** Low-rank adapters on every linear layer of the decoder: y += alpha / rank x A^T B^T. */
export interface LoraSettings {
  /** Inner size r. */
  readonly rank: number;
  /** Scale numerator. */
  readonly alpha: number;
}

const LINEAR = /^model\.layers\.\d+\.(self_attn|mlp)\.\w+_proj\.weight$/;

/** Whether a tensor is a weight that adapters go on. */
export const isAdapted = (name: string): boolean => LINEAR.test(name);

/**
 * PEFT's `target_modules`: a pattern of the decoder's linear layers. A list of layer names would also put adapters on the
 * vision encoder, whose layers have the same.
 *
 * @param rename how the checkpoint's layout names our tensors
 */
export function adaptedModules(rename: (name: string) => string): string {
  const layers = rename("model.layers.").replaceAll(".", "\\.");
  return `${layers}\\d+\\.(self_attn|mlp)\\.(q|k|v|o|gate|up|down)_proj`;
}

/** Weights of the decoder that adapters go on. */
export const adaptedWeights = (config: VideoLlmConfig): ParameterSpec[] =>
  parameterSpecs(config).filter(({ name }) => isAdapted(name));

/** Name of one half of the adapter of a weight: `model.layers.0.mlp.up_proj.lora_A.weight`. */
export const loraName = (weight: string, half: "lora_A" | "lora_B"): string =>
  weight.replace(/weight$/, `${half}.weight`);

/**
 * The adapters' tensors: A [r, in] normal, B [out, r] zero, so that a fresh adapter changes nothing.
 *
 * @throws OptionsError when rank is not a positive integer or alpha not positive.
 */
export function loraSpecs(config: VideoLlmConfig, { rank, alpha }: LoraSettings): ParameterSpec[] {
  if (!(Number.isInteger(rank) && rank > 0 && alpha > 0)) {
    throw new OptionsError(`expected a positive integer rank and a positive alpha, found ${rank} and ${alpha}`);
  }
  return adaptedWeights(config).flatMap(({ name, dims: [out = 0, from = 0] }): ParameterSpec[] => [
    { name: loraName(name, "lora_A"), dims: [rank, from], group: "lora", init: 1 / Math.sqrt(from) },
    { name: loraName(name, "lora_B"), dims: [out, rank], group: "lora", init: "zeros" },
  ]);
}

/** The adapters of a graph whose parameters `params` supplies. */
export const loraOf = (settings: LoraSettings | null, params: Params): LoraSpec | undefined =>
  settings === null ? undefined : { ...settings, params: (name, dims) => params(`${name}.weight`, dims) };

/** W + alpha / rank B A, a new array; W [out, in], A [r, in], B [out, r]. */
export function mergedWeight(
  weight: Float32Array,
  a: Float32Array,
  b: Float32Array,
  { rank, alpha }: LoraSettings,
): Float32Array {
  const merged = weight.slice();
  const width = a.length / rank;
  const scale = alpha / rank;
  for (let row = 0; row < b.length / rank; row++) {
    for (let k = 0; k < rank; k++) {
      const factor = scale * (b[row * rank + k] as number);
      if (factor === 0) continue;
      for (let j = 0; j < width; j++) {
        const at = row * width + j;
        merged[at] = (merged[at] as number) + factor * (a[k * width + j] as number);
      }
    }
  }
  return merged;
}
