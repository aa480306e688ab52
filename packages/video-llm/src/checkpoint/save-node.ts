import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { float32ToBfloat16, type TensorToStore, writeSafetensors } from "@videosafety/onnx-autodiff";
import { isQwenVl } from "../config/config.js";
import type { Naming } from "../config/naming.js";
import { OptionsError } from "../errors.js";
import type { VideoLlm } from "../model/video-llm.js";
import { formatPreprocessorConfig } from "../vision/preprocessor-config.js";
import { formatQwenVlPreprocessor } from "../vision/qwen-vl-preprocessor.js";
import { type LoraAdapters, loraName, loraScale, mergedWeight } from "../weights/lora.js";
import { huggingFaceName } from "../weights/parameters.js";
import { formatCheckpointConfig } from "./checkpoint-config.js";
import { saveAdapter } from "./save-adapter-node.js";

/** How a checkpoint is written. */
export interface SaveOptions {
  /** File layout and tensor names; default as loaded, `original` for fresh models. */
  readonly naming?: Naming;
  /** Storage of the weights. bfloat16 rounds to 8 bits of precision. Default float32. */
  readonly dtype?: "float32" | "bfloat16";
  /** Write the adapters, alarm tokens and heads only, as PEFT does. Default false: adapters are merged into the weights. */
  readonly adapterOnly?: boolean;
}

/**
 * Writes a checkpoint directory that `loadVideoLlm` reads: config.json, preprocessor_config.json, tokenizer files,
 * chat_template.jinja and model.safetensors; with `adapterOnly` an adapter that `loadAdapter` reads.
 *
 * @throws OptionsError for `adapterOnly` without adapters.
 */
export async function saveVideoLlm(model: VideoLlm, directory: string, options: SaveOptions = {}): Promise<void> {
  const { naming = model.naming, dtype = "float32" } = options;
  const { tokenizer, lora } = model;
  if (options.adapterOnly) {
    if (lora === null)
      throw new OptionsError("expected a model with adapters, found none; call addLora, or save without adapterOnly");
    return saveAdapter(model, directory, lora, naming);
  }
  await mkdir(directory, { recursive: true });
  const markers = tokenizer.conventions.markers.map((token) => tokenizer.idOf(token));
  const ids = { image: tokenizer.imageId, video: tokenizer.videoId, end: tokenizer.endIds, markers };
  const json: Record<string, object> = {
    "config.json": formatCheckpointConfig(model.config, naming, ids),
    ...(isQwenVl(model.config)
      ? formatQwenVlPreprocessor(model.preprocessor, model.config)
      : { "preprocessor_config.json": formatPreprocessorConfig(model.preprocessor) }),
    "generation_config.json": { eos_token_id: tokenizer.endIds },
    "tokenizer.json": tokenizer.files.tokenizer,
    "tokenizer_config.json": tokenizer.files.tokenizerConfig,
  };
  for (const [name, value] of Object.entries(json)) {
    await writeFile(join(directory, name), `${JSON.stringify(value, null, 2)}\n`);
  }
  await writeFile(join(directory, "chat_template.jinja"), model.chatTemplate);
  const stored = new Map<string, TensorToStore>();
  for (const [name, { data, dims, group }] of model.tensors) {
    if (group === "lora") continue;
    const key = naming === "huggingface" ? huggingFaceName(name, model.config.family) : name;
    const merged = lora === null ? data : withAdapter(model, name, data, lora);
    stored.set(key, dtype === "float32" ? { data: merged, dims } : { data: float32ToBfloat16(merged), dims, dtype });
  }
  await writeSafetensors(join(directory, "model.safetensors"), stored, { format: "pt" });
}

function withAdapter(model: VideoLlm, name: string, weight: Float32Array, lora: LoraAdapters): Float32Array {
  const module = lora.modules.get(name);
  const a = model.tensors.get(loraName(name, "lora_A"));
  const b = model.tensors.get(loraName(name, "lora_B"));
  if (module === undefined || a === undefined || b === undefined) return weight;
  return mergedWeight(weight, a.data, b.data, { rank: module.rank, scale: loraScale(lora, module) });
}
