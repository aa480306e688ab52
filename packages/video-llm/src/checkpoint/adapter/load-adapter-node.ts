import { stat } from "node:fs/promises";
import { join } from "node:path";
import { ALARM_TENSOR_NAMES } from "@videosafety/alarm-tokens";
import { type LocatedEntry, openSafetensors, type SafetensorsReader, toFloat32 } from "@videosafety/onnx-autodiff";
import { CheckpointError, OptionsError } from "../../errors.js";
import { readJsonObject } from "../../files/read-json-node.js";
import type { HubOptions } from "../../hub/hub-settings-node.js";
import { resolveModel } from "../../hub/resolve-model-node.js";
import type { VideoLlm } from "../../model/video-llm.js";
import { DeadlineExceeded, withDeadline } from "../../prompt/deadline-node.js";
import { isFrozen } from "../../weights/frozen-tensor.js";
import {
  type AdaptedModule,
  isAdapted,
  type LoraAdapters,
  loraName,
  loraScale,
  mergedWeight,
} from "../../weights/lora.js";
import { originalName } from "../../weights/parameters.js";
import { type PeftConfig, parsePeftConfig } from "./peft-config.js";

/** What PEFT puts before the name of an adapted module. */
export const PEFT_PREFIX = "base_model.model.";
/** The adapter's tensors. */
export const ADAPTER_WEIGHTS = "adapter_model.safetensors";
const HALF = /^(.*)\.lora_(A|B)(?:\.default)?\.weight$/;
const OWN: ReadonlySet<string> = new Set(Object.values(ALARM_TENSOR_NAMES));

/** A tensor of the adapter and the model's weight it is for. */
interface Placed {
  readonly stored: string;
  readonly entry: LocatedEntry;
  readonly weight: string;
}

/** A directory that was read and fits the model, before anything is written into it. */
interface Plan {
  readonly halves: ReadonlyMap<string, { readonly A: Placed; readonly B: Placed; readonly module: AdaptedModule }>;
  readonly whole: readonly Placed[];
}

/**
 * Reads a PEFT LoRA adapter into a model, from a directory or by its id on the Hugging Face hub, as PEFT writes it or `saveVideoLlm` with `adapterOnly`: any of the
 * decoder's linear layers, rsLoRA, rank and alpha patterns, weights that were trained whole (`modules_to_save`). Adapters of
 * vision layers are merged into their weights, and kept for the next `adapterOnly` save. Everything is checked before
 * anything is written into the model.
 *
 * @throws CheckpointError `unsupported-adapter` naming the option or module, `wrong-shape`, `missing-tensor`, `extra-tensor`,
 *   `missing-file`, `truncated`; OptionsError for a model that has adapters.
 */
export async function loadAdapter(model: VideoLlm, idOrDirectory: string, options: HubOptions = {}): Promise<void> {
  if (model.lora !== null)
    throw new OptionsError("expected a model without adapters, found some; load the base model again");
  const { directory } = await resolveModel(idOrDirectory, options);
  const file = join(directory, "adapter_config.json");
  const hint = "give a directory that PEFT's save_pretrained wrote";
  const config = parsePeftConfig(await readJsonObject(file, { hint }), file);
  const reader = await openWeights(directory);
  try {
    const plan = bounded(file, () => planAdapter(model, reader, config, join(directory, ADAPTER_WEIGHTS)));
    const values = new Map<string, Float32Array>();
    for (const { stored, entry } of tensorsOf(plan)) values.set(stored, await readFloats(reader, stored, entry));
    apply(model, plan, config, values);
  } finally {
    await reader.close();
  }
}

/** Patterns of module names are regular expressions that somebody else wrote. */
function bounded<T>(file: string, work: () => T): T {
  try {
    return withDeadline(work, 2000);
  } catch (cause) {
    if (!(cause instanceof DeadlineExceeded)) throw cause;
    const message = `${file}: expected rank and alpha patterns that match names at once, found that ${cause.message}`;
    throw new CheckpointError("truncated", message, { file }, { cause });
  }
}

const tensorsOf = (plan: Plan): Placed[] => [...[...plan.halves.values()].flatMap(({ A, B }) => [A, B]), ...plan.whole];

async function openWeights(directory: string): Promise<SafetensorsReader> {
  const file = join(directory, ADAPTER_WEIGHTS);
  const [safe, pickle] = await Promise.all(
    [ADAPTER_WEIGHTS, "adapter_model.bin"].map((name) => stat(join(directory, name)).catch(() => null)),
  );
  if (safe === null) {
    const found = pickle === null ? "none" : "adapter_model.bin, a pickle, which can run code";
    throw new CheckpointError(
      "missing-file",
      `${file}: expected the adapter's tensors, found ${found}; save it with safe_serialization`,
      { file },
    );
  }
  try {
    return await openSafetensors(file);
  } catch (cause) {
    throw new CheckpointError("truncated", `${file}: ${(cause as Error).message}`, { file }, { cause });
  }
}

async function readFloats(reader: SafetensorsReader, name: string, { path }: LocatedEntry): Promise<Float32Array> {
  try {
    return toFloat32(await reader.read(name));
  } catch (cause) {
    const place = { file: path, tensor: name };
    throw new CheckpointError("wrong-dtype", `${path}: tensor ${name}: ${(cause as Error).message}`, place, { cause });
  }
}

function planAdapter(model: VideoLlm, reader: SafetensorsReader, config: PeftConfig, file: string): Plan {
  const halves = new Map<string, Partial<Record<"A" | "B", Placed>>>();
  const whole: Placed[] = [];
  const rename = (name: string): string => originalName(name, model.config.family);
  for (const [stored, entry] of reader.entries) {
    const bare = stored.startsWith(PEFT_PREFIX) ? stored.slice(PEFT_PREFIX.length) : stored;
    const [, module, half] = HALF.exec(bare) ?? [];
    if (module !== undefined) {
      const weight = rename(`${module}.weight`);
      halves.set(weight, { ...halves.get(weight), [half as "A" | "B"]: { stored, entry, weight } });
    } else whole.push({ stored, entry, weight: rename(bare.replace(/\.modules_to_save(\.default)?\./, "..")) });
  }
  for (const placed of whole) checkWhole(model, placed, config);
  const checked = Array.from(halves, ([weight, { A, B }]) => {
    if (A === undefined || B === undefined) {
      const tensor = loraName(weight, A === undefined ? "lora_A" : "lora_B");
      throw new CheckpointError("missing-tensor", `${file}: expected tensor ${tensor}, found none`, { file, tensor });
    }
    return [weight, { A, B, module: checkHalves(model, A, B, config) }] as const;
  });
  if (checked.length === 0 && whole.length === 0)
    throw new CheckpointError("missing-tensor", `${file}: expected tensors of an adapter, found none`, { file });
  return { halves: new Map(checked), whole };
}

/** A weight stored whole: it must be the model's, with the same sizes. */
function checkWhole(model: VideoLlm, { stored, entry, weight }: Placed, config: PeftConfig): void {
  const target = model.tensors.get(weight);
  const place = { file: entry.path, tensor: stored };
  if (/lora_|ia3_|magnitude|prompt_embedding/.test(stored))
    throw new CheckpointError(
      "unsupported-adapter",
      `${entry.path}: tensor ${stored} belongs to a kind of adapter that is not read; merge it with PEFT's merge_and_unload`,
      place,
    );
  if (weight === "model.embed_tokens.weight" && model.config.tieWordEmbeddings && config.untied("embed_tokens")) {
    throw new CheckpointError(
      "unsupported-adapter",
      `${entry.path}: tensor ${stored} was trained apart from the output layer, which is the same tensor here; train with ensure_weight_tying`,
      place,
    );
  }
  if (target === undefined || (isFrozen(target) && !OWN.has(weight))) {
    const tied = weight === "lm_head.weight" && model.config.tieWordEmbeddings;
    const next = tied
      ? ": the model's output layer is its embedding table"
      : target === undefined
        ? ""
        : ", whose base is frozen; load it with precision float32";
    throw new CheckpointError(
      "extra-tensor",
      `${entry.path}: tensor ${stored} belongs to no part of this model${next}`,
      place,
    );
  }
  if (`${target.dims}` === `${entry.dims}`) return;
  throw new CheckpointError(
    "wrong-shape",
    `${entry.path}: tensor ${stored}: expected [${target.dims}], found [${entry.dims}]${target.group === "alarmTokens" ? "; load the base model with alarmVectors" : ""}`,
    place,
  );
}

/** A low-rank pair: on a linear layer that adapters are computed for, of the rank that the config says. */
function checkHalves(model: VideoLlm, A: Placed, B: Placed, config: PeftConfig): AdaptedModule {
  const target = model.tensors.get(A.weight);
  const place = { file: A.entry.path, tensor: A.stored };
  const module = A.stored.replace(PEFT_PREFIX, "").replace(/\.lora_A.*$/, "");
  if (target === undefined)
    throw new CheckpointError(
      "extra-tensor",
      `${A.entry.path}: adapts ${module}, which belongs to no part of this model`,
      place,
    );
  const isVision = target.group === "visionEncoder" || target.group === "projector";
  if (target.dims.length !== 2 || !(isAdapted(A.weight) || (isVision && !isFrozen(target)))) {
    throw new CheckpointError(
      "unsupported-adapter",
      `${A.entry.path}: adapts ${module}; adapters are read for linear layers of the decoder${isVision ? ", and of vision in float32" : ""}; merge it with PEFT's merge_and_unload`,
      place,
    );
  }
  const own = config.module(module);
  const [out, from] = target.dims;
  const expected = [`${own.rank},${from}`, `${out},${own.rank}`];
  for (const [i, { stored, entry }] of [A, B].entries()) {
    if (`${entry.dims}` === expected[i]) continue;
    throw new CheckpointError(
      "wrong-shape",
      `${entry.path}: tensor ${stored}: adapter_config.json expects [${expected[i]}], found [${entry.dims}]`,
      { file: entry.path, tensor: stored },
    );
  }
  if (own.alpha > 0) return own;
  throw new CheckpointError(
    "truncated",
    `${A.entry.path}: ${module}: expected a positive alpha, found ${own.alpha}`,
    place,
  );
}

function apply(model: VideoLlm, plan: Plan, config: PeftConfig, values: ReadonlyMap<string, Float32Array>): void {
  const { rank, alpha, useRslora } = config;
  const modules = new Map<string, AdaptedModule>();
  const merged = new Map<string, { data: Float32Array; dims: readonly number[] }>();
  const mergedModules = new Map<string, AdaptedModule>();
  const dataOf = ({ stored }: Placed): Float32Array => values.get(stored) as Float32Array;
  for (const [weight, { A, B, module }] of plan.halves) {
    if (isAdapted(weight)) modules.set(weight, module);
    else {
      mergedModules.set(weight, module);
      for (const half of [A, B]) merged.set(half.stored, { data: dataOf(half), dims: half.entry.dims });
    }
  }
  const originals = new Map<string, Float32Array>();
  for (const { weight } of plan.whole) {
    const data = model.tensors.get(weight)?.data;
    if (data !== undefined && !OWN.has(weight)) originals.set(weight, data.slice());
  }
  const adapters: LoraAdapters = { rank, alpha, useRslora, modules, originals, merged, mergedModules };
  const write = (name: string, data: Float32Array): void => model.tensors.get(name)?.data.set(data);
  model.addLora(adapters);
  for (const [weight, { A, B, module }] of plan.halves) {
    if (!modules.has(weight)) {
      const base = model.tensors.get(weight)?.data as Float32Array;
      const scaled = { rank: module.rank, scale: loraScale(adapters, module) };
      write(weight, mergedWeight(base, dataOf(A), dataOf(B), scaled));
      continue;
    }
    write(loraName(weight, "lora_A"), dataOf(A));
    write(loraName(weight, "lora_B"), dataOf(B));
  }
  for (const placed of plan.whole) write(placed.weight, dataOf(placed));
  model.parametersChanged();
}
