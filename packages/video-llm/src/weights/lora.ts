import type { LoraSpec, Params } from "@videosafety/onnx-autodiff";
import type { VideoLlmConfig } from "../config/config.js";
import { OptionsError } from "../errors.js";
import type { ParameterSpec } from "./parameter-spec.js";
import { parameterSpecs } from "./parameters.js";

/** Low-rank adapters of the decoder's linear layers: y += scale x A^T B^T, where scale is alpha / rank. */
export interface LoraSettings {
  /** Inner size r. */
  readonly rank: number;
  /** Scale numerator. */
  readonly alpha: number;
  /** The scale is alpha / sqrt(rank) (rsLoRA, arXiv 2312.03732). Default false. */
  readonly useRslora?: boolean;
  /** Which layers, by the last part of their name. Default all seven of a block. */
  readonly targetModules?: readonly LoraTarget[];
}

/** The linear layers of a decoder block. */
export type LoraTarget = (typeof LORA_TARGETS)[number];

/** All of them, in the order of a block. */
export const LORA_TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"] as const;

/** The adapter of one layer. */
export interface AdaptedModule {
  /** Inner size r. */
  readonly rank: number;
  /** Scale numerator. */
  readonly alpha: number;
}

/** Adapters as a model has them. */
export interface LoraAdapters extends Omit<LoraSettings, "targetModules"> {
  /** By name of the adapted weight. */
  readonly modules: ReadonlyMap<string, AdaptedModule>;
  /** Weights that an adapter replaced whole (PEFT's `modules_to_save`), as they were before. */
  readonly originals: ReadonlyMap<string, Float32Array>;
  /** Adapters of vision layers, which were merged into their weights: by stored name, to be saved again. */
  readonly merged: ReadonlyMap<string, { readonly data: Float32Array; readonly dims: readonly number[] }>;
  /** Rank and alpha of the merged ones, by name of the weight. */
  readonly mergedModules: ReadonlyMap<string, AdaptedModule>;
}

/** What a low-rank path is multiplied by. */
export const loraScale = ({ useRslora }: Pick<LoraSettings, "useRslora">, { rank, alpha }: AdaptedModule): number =>
  alpha / (useRslora ? Math.sqrt(rank) : rank);

const LINEAR = /^model\.layers\.\d+\.(self_attn|mlp)\.\w+_proj\.weight$/;

/** Whether a tensor is a weight that adapters go on. */
export const isAdapted = (name: string): boolean => LINEAR.test(name);

/**
 * PEFT's `target_modules`: a pattern of the decoder's linear layers. A list of layer names would also put adapters on the
 * vision encoder, whose layers have the same.
 *
 * @param rename how the checkpoint's layout names our tensors
 */
export function adaptedModules(
  rename: (name: string) => string,
  targets: readonly LoraTarget[] = LORA_TARGETS,
): string {
  const layers = rename("model.layers.").replaceAll(".", "\\.");
  return `${layers}\\d+\\.(self_attn|mlp)\\.(${targets.map((name) => name.replace("_proj", "")).join("|")})_proj`;
}

/** Weights of the decoder that adapters go on. */
export const adaptedWeights = (config: VideoLlmConfig): ParameterSpec[] =>
  parameterSpecs(config).filter(({ name }) => isAdapted(name));

/** Name of one half of the adapter of a weight: `model.layers.0.mlp.up_proj.lora_A.weight`. */
export const loraName = (weight: string, half: "lora_A" | "lora_B"): string =>
  weight.replace(/weight$/, `${half}.weight`);

/** Adapters of some settings on a model. @throws OptionsError when the settings do not fit */
export function resolveLora(config: VideoLlmConfig, settings: LoraSettings): LoraAdapters {
  const { rank, alpha, useRslora = false, targetModules = LORA_TARGETS } = settings;
  const most = Math.max(4096, config.intermediateSize, config.hiddenSize);
  if (!(Number.isInteger(rank) && rank > 0 && rank <= most && alpha > 0 && Number.isFinite(alpha))) {
    throw new OptionsError(
      `expected a positive integer rank of at most ${most} and a positive alpha, found ${rank} and ${alpha}`,
    );
  }
  const unknown = targetModules.find((name) => !LORA_TARGETS.includes(name));
  if (unknown !== undefined || targetModules.length === 0)
    throw new OptionsError(`expected targetModules among ${LORA_TARGETS.join(", ")}, found ${unknown ?? "none"}`);
  const targets = adaptedWeights(config).filter(({ name }) =>
    targetModules.some((target) => name.endsWith(`${target}.weight`)),
  );
  const modules = new Map(targets.map(({ name }) => [name, { rank, alpha }]));
  return { rank, alpha, useRslora, modules, originals: new Map(), merged: new Map(), mergedModules: new Map() };
}

/** The adapters' tensors: A [r, in] normal, B [out, r] zero, so that a fresh adapter changes nothing. */
export function loraSpecs(config: VideoLlmConfig, { modules }: Pick<LoraAdapters, "modules">): ParameterSpec[] {
  return adaptedWeights(config).flatMap(({ name, dims: [out = 0, from = 0] }): ParameterSpec[] => {
    const module = modules.get(name);
    if (module === undefined) return [];
    return [
      { name: loraName(name, "lora_A"), dims: [module.rank, from], group: "lora", init: 1 / Math.sqrt(from) },
      { name: loraName(name, "lora_B"), dims: [out, module.rank], group: "lora", init: "zeros" },
    ];
  });
}

/** The adapters of a graph whose parameters `params` supplies. */
export function loraOf(adapters: LoraAdapters | null, params: Params): LoraSpec | undefined {
  if (adapters === null) return undefined;
  const { rank, alpha, modules } = adapters;
  const module = (name: string) => {
    const own = modules.get(`${name}.weight`);
    return own === undefined ? null : { rank: own.rank, scale: loraScale(adapters, own) };
  };
  return { rank, alpha, module, params: (name, dims) => params(`${name}.weight`, dims) };
}

/** W + scale B A, a new array; W [out, in], A [r, in], B [out, r]. */
export function mergedWeight(
  weight: Float32Array,
  a: Float32Array,
  b: Float32Array,
  { rank, scale }: { readonly rank: number; readonly scale: number },
): Float32Array {
  const merged = weight.slice();
  const width = a.length / rank;
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
