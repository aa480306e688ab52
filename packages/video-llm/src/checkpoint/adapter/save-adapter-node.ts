import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type TensorToStore, writeSafetensors } from "@videosafety/onnx-autodiff";
import { replaceFile } from "@videosafety/safety-data/node";
import type { Naming } from "../../config/naming.js";
import type { VideoLlm } from "../../model/video-llm.js";
import { adaptedModules, adaptedWeights, LORA_TARGETS, type LoraAdapters } from "../../weights/lora.js";
import { huggingFaceName, originalName } from "../../weights/parameters.js";
import { ADAPTER_WEIGHTS, PEFT_PREFIX } from "./load-adapter-node.js";

/**
 * Writes the adapter, the alarm tokens and their heads in PEFT's layout: adapter_config.json, adapter_model.safetensors. What
 * `loadAdapter` read beside them, weights stored whole and adapters of vision layers, is written again.
 */
export async function saveAdapter(
  model: VideoLlm,
  directory: string,
  adapters: LoraAdapters,
  naming: Naming,
  baseModel?: string,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const { family } = model.config;
  const rename = (name: string): string => (naming === "huggingface" ? huggingFaceName(name, family) : name);
  const stored = new Map<string, TensorToStore>();
  for (const [name, tensor] of model.tensors) {
    if (tensor.group === "lora" || adapters.originals.has(name)) stored.set(PEFT_PREFIX + rename(name), tensor);
    if (tensor.group === "alarmTokens" || tensor.group === "classifiers") stored.set(name, tensor);
  }
  for (const [name, tensor] of adapters.merged)
    stored.set(PEFT_PREFIX + rename(originalName(name.replace(PEFT_PREFIX, ""), family)), tensor);
  await writeSafetensors(join(directory, ADAPTER_WEIGHTS), stored, { format: "pt" });
  const base = baseModel === undefined ? {} : { base_model_name_or_path: baseModel };
  const config = { ...base, ...peftConfig(model, adapters, rename) };
  await replaceFile(join(directory, "adapter_config.json"), `${JSON.stringify(config, null, 2)}\n`);
}

function peftConfig(model: VideoLlm, adapters: LoraAdapters, rename: (name: string) => string): object {
  const { rank, alpha, useRslora = false, originals } = adapters;
  const modules = new Map([...adapters.modules, ...adapters.mergedModules]);
  const moduleName = (weight: string): string => rename(weight).replace(/\.weight$/, "");
  const patternOf = (key: "rank" | "alpha", usual: number) =>
    Object.fromEntries(
      Array.from(modules, ([weight, own]) => [moduleName(weight), own[key]] as const).filter(
        ([, value]) => value !== usual,
      ),
    );
  return {
    peft_type: "LORA",
    task_type: "CAUSAL_LM",
    r: rank,
    lora_alpha: alpha,
    use_rslora: useRslora,
    rank_pattern: patternOf("rank", rank),
    alpha_pattern: patternOf("alpha", alpha),
    lora_dropout: 0,
    bias: "none",
    inference_mode: true,
    target_modules: targetModules(model, modules, rename) ?? [...modules.keys()].map(moduleName),
    modules_to_save:
      originals.size === 0
        ? null
        : [...new Set([...originals.keys()].map((name) => moduleName(name).replace(/\.bias$/, "")))],
  };
}

/** A pattern, where whole kinds of layers are adapted. */
function targetModules(
  model: VideoLlm,
  modules: ReadonlyMap<string, unknown>,
  rename: (name: string) => string,
): string | undefined {
  const targets = LORA_TARGETS.filter((target) =>
    [...modules.keys()].some((name) => name.endsWith(`${target}.weight`)),
  );
  const covered = adaptedWeights(model.config).filter(({ name }) =>
    targets.some((target) => name.endsWith(`${target}.weight`)),
  );
  const same = covered.length === modules.size && covered.every(({ name }) => modules.has(name));
  return same ? adaptedModules(rename, targets) : undefined;
}
