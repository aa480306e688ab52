import { mkdir, open, readdir, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  float32ToBfloat16,
  type TensorToStore,
  writeSafetensors,
  writeShardedSafetensors,
} from "@videosafety/onnx-autodiff";
import { replaceFile } from "@videosafety/safety-data/node";
import { layoutOf, type Naming } from "../../config/naming.js";
import { OptionsError } from "../../errors.js";
import { readJson } from "../../files/read-json-node.js";
import type { VideoLlm } from "../../model/video-llm.js";
import { type LoraAdapters, loraName, loraScale, mergedWeight } from "../../weights/lora.js";
import { huggingFaceName } from "../../weights/parameters.js";
import { saveAdapter } from "../adapter/save-adapter-node.js";
import { OWNED_FILES } from "../kept-files-node.js";
import { formatModelFiles } from "./format-model-files.js";

/** How a checkpoint is written. */
export interface SaveOptions {
  /** File layout and tensor names; default as loaded, `original` for fresh models. SmolVLM2 and Qwen3-VL have one layout, transformers'. */
  readonly naming?: Naming;
  /** Storage of the weights. bfloat16 rounds to 8 bits of precision. Default float32. */
  readonly dtype?: "float32" | "bfloat16";
  /** Write the adapters, alarm tokens and heads only, as PEFT does. Default false: adapters are merged into the weights. */
  readonly adapterOnly?: boolean;
  /** With `adapterOnly`: id or directory of the model that the adapter is for, as PEFT's `base_model_name_or_path`. Default none. */
  readonly baseModel?: string;
  /** Most bytes of weights in one file; more are written as shards with an index. Default 5e9, as transformers. */
  readonly maxShardBytes?: number;
}

const WEIGHTS = "model.safetensors";
const INDEX = "model.safetensors.index.json";
const SHARD = /^model-\d{5}-of-\d{5}\.safetensors$/;

/**
 * Writes a checkpoint directory that `loadVideoLlm` and transformers read: config.json, the processor's and the tokenizer's
 * files, chat_template.jinja, generation_config.json, and the weights; with `adapterOnly` an adapter that `loadAdapter` and PEFT
 * read. A checkpoint that is there is replaced as a whole, however its weights were split: a process killed at any point
 * leaves the old weights or the new ones.
 *
 * @throws OptionsError for `adapterOnly` without adapters, or a directory whose weights this model still reads.
 */
export async function saveVideoLlm(model: VideoLlm, directory: string, options: SaveOptions = {}): Promise<void> {
  const { naming: asked = model.naming, dtype = "float32", maxShardBytes = 5e9 } = options;
  if (dtype !== "float32" && dtype !== "bfloat16")
    throw new OptionsError(`expected a dtype of float32 or bfloat16, found ${JSON.stringify(dtype)}`);
  if (asked !== "original" && asked !== "huggingface")
    throw new OptionsError(`expected a naming of original or huggingface, found ${JSON.stringify(asked)}`);
  const naming = layoutOf(asked, model.config.family);
  if (options.adapterOnly) {
    if (model.lora === null)
      throw new OptionsError("expected a model with adapters, found none; call addLora, or save without adapterOnly");
    return saveAdapter(model, directory, model.lora, naming, options.baseModel);
  }
  await mkdir(directory, { recursive: true });
  await refuseOwnWeights(model, directory);
  const files = formatModelFiles(model, naming, dtype);
  for (const [name, text] of files) await replaceFile(join(directory, name), text);
  for (const name of OWNED_FILES) if (!files.has(name)) await rm(join(directory, name), { force: true });
  await replaceWeights(directory, storedTensors(model, naming, dtype), maxShardBytes);
}

/** Frozen weights are read from their file at every use: replacing it would give the model others. */
async function refuseOwnWeights({ weightsDirectory }: VideoLlm, directory: string): Promise<void> {
  if (weightsDirectory === undefined) return;
  const [own, target] = await Promise.all([realpath(weightsDirectory), realpath(directory)]);
  if (own !== target) return;
  throw new OptionsError(
    `${directory}: expected a directory other than the one this model's frozen weights are mapped from; save to a new one`,
  );
}

function storedTensors(model: VideoLlm, naming: Naming, dtype: "float32" | "bfloat16"): Map<string, TensorToStore> {
  const stored = new Map<string, TensorToStore>();
  for (const [name, { data, dims, group }] of model.tensors) {
    if (group === "lora") continue;
    const key = naming === "huggingface" ? huggingFaceName(name, model.config.family) : name;
    const merged = model.lora === null ? data : withAdapter(model, name, data, model.lora);
    stored.set(key, dtype === "float32" ? { data: merged, dims } : { data: float32ToBfloat16(merged), dims, dtype });
  }
  return stored;
}

/** The new weights are complete before anything points to them; what readers look for first changes in one rename or removal. */
async function replaceWeights(
  directory: string,
  tensors: ReadonlyMap<string, TensorToStore>,
  maxShardBytes: number,
): Promise<void> {
  let bytes = 0;
  for (const { data } of tensors.values()) bytes += data.byteLength;
  const old = await oldShards(directory);
  if (bytes > maxShardBytes) {
    const written = await writeShardedSafetensors(join(directory, INDEX), tensors, {
      maxShardBytes,
      metadata: { format: "pt" },
    });
    const kept = new Set(written);
    await removeAll(
      directory,
      [WEIGHTS, ...old].filter((name) => !kept.has(join(directory, name))),
    );
    return;
  }
  await writeSafetensors(join(directory, WEIGHTS), tensors, { format: "pt" });
  await removeAll(directory, [INDEX]);
  await removeAll(directory, old);
}

/** Shards of the set that is there: those its index names, and what a killed save left. */
async function oldShards(directory: string): Promise<string[]> {
  const present = await readdir(directory);
  const index = await readJson(join(directory, INDEX), { absent: null }).catch(() => null);
  const named = Object.values((index as { weight_map?: Record<string, unknown> } | null)?.weight_map ?? {});
  return present.filter(
    (name) => name !== WEIGHTS && (SHARD.test(name) || (named.includes(name) && name.endsWith(".safetensors"))),
  );
}

async function removeAll(directory: string, names: readonly string[]): Promise<void> {
  for (const name of names) await rm(join(directory, name), { force: true });
  const handle = await open(directory, "r").catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

function withAdapter(model: VideoLlm, name: string, weight: Float32Array, lora: LoraAdapters): Float32Array {
  const module = lora.modules.get(name);
  const a = model.tensors.get(loraName(name, "lora_A"));
  const b = model.tensors.get(loraName(name, "lora_B"));
  if (module === undefined || a === undefined || b === undefined) return weight;
  return mergedWeight(weight, a.data, b.data, { rank: module.rank, scale: loraScale(lora, module) });
}
