import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readSafetensors, type TensorToStore, toFloat32, writeSafetensors } from "@videosafety/onnx-autodiff";
import { z } from "zod";
import type { Naming } from "../config/naming.js";
import { CheckpointError } from "../errors.js";
import type { VideoLlm } from "../model/video-llm.js";
import { isFrozen } from "../weights/frozen-tensor.js";
import { adaptedModules, type LoraSettings } from "../weights/lora.js";
import { huggingFaceName, originalName } from "../weights/parameters.js";

/** What PEFT puts before the name of an adapted module. */
const PREFIX = "base_model.model.";
const WEIGHTS = "adapter_model.safetensors";
const settingsSchema = z.looseObject({ r: z.int().positive(), lora_alpha: z.number().positive() });

/** Writes the adapter, the alarm tokens and their heads in PEFT's layout: adapter_config.json, adapter_model.safetensors. */
export async function saveAdapter(
  model: VideoLlm,
  directory: string,
  lora: LoraSettings,
  naming: Naming,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const rename = (name: string): string =>
    naming === "huggingface" ? huggingFaceName(name, model.config.family) : name;
  const config = {
    peft_type: "LORA",
    task_type: "CAUSAL_LM",
    r: lora.rank,
    lora_alpha: lora.alpha,
    lora_dropout: 0,
    bias: "none",
    target_modules: adaptedModules((name) =>
      naming === "huggingface" ? huggingFaceName(name, model.config.family) : name,
    ),
  };
  await writeFile(join(directory, "adapter_config.json"), `${JSON.stringify(config, null, 2)}\n`);
  const stored = new Map<string, TensorToStore>();
  for (const [name, tensor] of model.tensors) {
    if (tensor.group === "lora") stored.set(PREFIX + rename(name), tensor);
    if (tensor.group === "alarmTokens" || tensor.group === "classifiers") stored.set(name, tensor);
  }
  await writeSafetensors(join(directory, WEIGHTS), stored, { format: "pt" });
}

/**
 * Reads a PEFT adapter directory, as `saveVideoLlm` with `adapterOnly` writes it, into a model: adds LoRA of its rank.
 *
 * @throws CheckpointError on tensors that do not fit; OptionsError for a model that has adapters
 */
export async function loadAdapter(model: VideoLlm, directory: string): Promise<void> {
  const file = join(directory, "adapter_config.json");
  const text = await readFile(file, "utf8").catch((cause) => {
    throw new CheckpointError("missing-file", `${file}: expected an adapter, cannot read it`, { file }, { cause });
  });
  const parsed = settingsSchema.safeParse(JSON.parse(text));
  if (!parsed.success) throw new CheckpointError("truncated", `${file}: ${z.prettifyError(parsed.error)}`, { file });
  model.addLora({ rank: parsed.data.r, alpha: parsed.data.lora_alpha });
  const weights = join(directory, WEIGHTS);
  const { tensors } = await readSafetensors(weights);
  const missing = new Set([...model.tensors].flatMap(([name, { group }]) => (group === "lora" ? [name] : [])));
  for (const [stored, tensor] of tensors) {
    const name = originalName(stored.startsWith(PREFIX) ? stored.slice(PREFIX.length) : stored, model.config.family);
    const target = model.tensors.get(name);
    const place = { file: weights, tensor: stored };
    if (target === undefined || isFrozen(target))
      throw new CheckpointError("extra-tensor", `${weights}: tensor ${stored} belongs to no part of this model`, place);
    if (`${target.dims}` !== `${tensor.dims}`) {
      throw new CheckpointError(
        "wrong-shape",
        `${weights}: tensor ${stored}: expected [${target.dims}], found [${tensor.dims}]${target.group === "alarmTokens" ? "; load the base model with alarmVectors" : ""}`,
        place,
      );
    }
    target.data.set(toFloat32(tensor));
    missing.delete(name);
  }
  const [first] = missing;
  if (first !== undefined)
    throw new CheckpointError("missing-tensor", `${weights}: expected tensor ${first}, found none`, {
      file: weights,
      tensor: first,
    });
  model.parametersChanged();
}
