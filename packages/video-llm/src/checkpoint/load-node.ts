import { join } from "node:path";
import { ALARM_TENSOR_NAMES } from "@videosafety/alarm-tokens";
import { type LocatedEntry, openSafetensors, type SafetensorsReader, toFloat32 } from "@videosafety/onnx-autodiff";
import type { VideoLlmConfig } from "../config/config.js";
import type { RuntimeOptions } from "../config/runtime-options.js";
import { CheckpointError, ConfigError, OptionsError } from "../errors.js";
import { readJson as readJsonFile } from "../files/read-json-node.js";
import { type GenerationDefaults, parseGenerationConfig } from "../generation/generation-config.js";
import type { HubOptions } from "../hub/hub-settings-node.js";
import { resolveModel } from "../hub/resolve-model-node.js";
import { VideoLlm } from "../model/video-llm.js";
import { PROMPT_CONVENTIONS } from "../prompt/conventions.js";
import { TextTokenizer } from "../prompt/text-tokenizer.js";
import { limitVisualTokens } from "../vision/limit-visual-tokens.js";
import { type FrozenBase, isFrozen } from "../weights/frozen-tensor.js";
import { freshTensor } from "../weights/parameter-store.js";
import type { TrainableTensor } from "../weights/trainable-tensor.js";
import { parseCheckpointConfig } from "./config/parse-config.js";
import { openFrozenBase } from "./frozen-base-node.js";
import { readKeptFiles } from "./kept-files-node.js";
import { type LocatedTensor, locateTensors } from "./locate-tensors.js";
import { isFrozenBase, type PrecisionOptions } from "./precision.js";
import { parsePreprocessor } from "./preprocessor/preprocessor-files.js";
import type { ProcessorFiles } from "./preprocessor/processor-file.js";
import { statedCompression } from "./preprocessor/videollama3.js";
import { readChatTemplate, readTokenizerFiles } from "./read-tokenizer-node.js";

/** What `loadVideoLlm` takes. */
export interface LoadOptions extends RuntimeOptions, PrecisionOptions, HubOptions {
  /** Seed of tensors that the checkpoint lacks and may lack: the alarm heads. Default 0. */
  readonly seed?: number;
  /**
   * Learned alarm vectors per modality, for a checkpoint without any: they start at zero. Default: as many as the checkpoint
   * has, else one (the paper).
   */
  readonly alarmVectors?: { readonly visual?: number; readonly textual?: number };
  /** Most merged tokens of a whole video, all frames together, where that is less than the checkpoint's own limit. */
  readonly maxVisualTokens?: number;
}

/**
 * Loads a model of the Hugging Face hub by its id (`owner/name`, brought into the standard cache), or a checkpoint directory:
 * as its authors published it, as Hugging Face transformers saves it, or what `saveVideoLlm` wrote. The alarm tokens are added to the tokenizer, and to the embedding table when it has no row left for them.
 *
 * @throws HubError, ConfigError, TokenizerError, OptionsError, CheckpointError naming the file and the tensor: `wrong-shape` also where
 *   `alarmVectors` are not as many as the checkpoint has.
 */
export async function loadVideoLlm(idOrDirectory: string, options: LoadOptions = {}): Promise<VideoLlm> {
  const { directory } = await resolveModel(idOrDirectory, options);
  const { described, ...rest } = await readModelFiles(directory);
  const { naming } = described;
  const { tokenizer, chatTemplate, files, generation } = rest;
  const preprocessor =
    options.maxVisualTokens === undefined
      ? rest.preprocessor
      : limitVisualTokens(rest.preprocessor, described.config, options.maxVisualTokens);
  const reader = await openWeights(directory);
  try {
    const stated = { ...described.config, alarmVectors: alarmVectorsOf(reader.entries, options.alarmVectors) };
    const vocabularySize = rowsFor(stated.vocabularySize, tokenizer.vocabularySize, directory);
    const config = { ...stated, vocabularySize };
    const located = locateTensors(reader.entries, stated, directory);
    const frozenBase = isFrozenBase(options) ? await openFrozenBase(located, directory, vocabularySize, options) : null;
    const tensors = await readTensors(reader, located, options.seed ?? 0, frozenBase);
    growTables(tensors, stated, vocabularySize);
    const parts = { config, preprocessor, tokenizer, chatTemplate, tensors, naming, files, generation };
    const weightsDirectory = frozenBase?.directory;
    return new VideoLlm(weightsDirectory === undefined ? parts : { ...parts, weightsDirectory }, options);
  } finally {
    await reader.close();
  }
}

/** All of a model directory but its weights, read and checked. @throws ConfigError, TokenizerError, CheckpointError */
export async function readModelFiles(directory: string) {
  const stated = parseCheckpointConfig(await readJson(directory, "config.json"));
  const processorFiles = await readProcessorFiles(directory);
  const described = { ...stated, config: withCompression(stated.config, processorFiles) };
  const tokenizerFiles = await readTokenizerFiles(directory);
  const conventions = PROMPT_CONVENTIONS[described.config.family];
  const tokenizer = new TextTokenizer(tokenizerFiles, described.visualTokenIds, conventions);
  const preprocessor = parsePreprocessor(processorFiles, described.config);
  const chatTemplate = await readChatTemplate(directory, tokenizerFiles.tokenizerConfig, conventions.chatTemplate);
  const files = await readKeptFiles(directory);
  const generation = generationOf(files.get("generation_config.json"), described.endTokenIds);
  return { described, tokenizer, preprocessor, chatTemplate, files, generation };
}

/** @param text of generation_config.json, which transformers reads before config.json's end tokens. */
function generationOf(text: string | undefined, configEndIds: readonly number[]): GenerationDefaults {
  if (text === undefined) return parseGenerationConfig(null, configEndIds);
  try {
    return parseGenerationConfig(JSON.parse(text), configEndIds);
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError("generation_config.json: expected JSON, found a syntax error", { cause });
  }
}

/** The number of vectors per modality: what is asked for, else the rows of the checkpoint's tensors, else one. */
export function alarmVectorsOf(
  entries: ReadonlyMap<string, Pick<LocatedEntry, "dims">>,
  { visual, textual }: NonNullable<LoadOptions["alarmVectors"]> = {},
): VideoLlmConfig["alarmVectors"] {
  const count = (name: string, asked: number | undefined): number => {
    if (asked !== undefined && !(Number.isInteger(asked) && asked > 0))
      throw new OptionsError(`expected a positive integer of alarm vectors, found ${asked}`);
    const dims = entries.get(name)?.dims;
    return asked ?? ((dims?.length === 2 && dims[0]) || 1); // another shape is told by locateTensors
  };
  return {
    visual: count(ALARM_TENSOR_NAMES.visualToken, visual),
    textual: count(ALARM_TENSOR_NAMES.textualToken, textual),
  };
}

/** Rows of the embedding table: a tokenizer may have a few tokens more, not as many as it likes. */
export function rowsFor(rows: number, tokens: number, directory: string): number {
  if (tokens <= rows + 4096) return Math.max(rows, tokens);
  throw new CheckpointError(
    "wrong-shape",
    `${directory}: expected a tokenizer of about ${rows} tokens, the rows of the embedding table, found ${tokens}; tokenizer.json is another model's`,
    { file: join(directory, "tokenizer.json") },
  );
}

const readJson = (directory: string, name: string, absent?: unknown): Promise<unknown> =>
  readJsonFile(join(directory, name), {
    hint: `is ${directory} a checkpoint directory?`,
    ...(absent === undefined ? {} : { absent }),
  });

async function readProcessorFiles(directory: string): Promise<ProcessorFiles> {
  return {
    image: await readJson(directory, "preprocessor_config.json", null),
    video: await readJson(directory, "video_preprocessor_config.json", null),
    processor: await readJson(directory, "processor_config.json", null),
  };
}

/** In transformers' layout of VideoLLaMA3 the processor compresses tokens, so its file says whether. */
function withCompression(config: VideoLlmConfig, files: ProcessorFiles): VideoLlmConfig {
  const stated = config.family === "videollama3" ? statedCompression(files) : undefined;
  return stated === undefined ? config : { ...config, useTokenCompression: stated };
}

async function openWeights(directory: string): Promise<SafetensorsReader> {
  try {
    return await openSafetensors(directory);
  } catch (cause) {
    throw new CheckpointError(
      "truncated",
      `${directory}: cannot open the weights: ${(cause as Error).message}`,
      { file: directory },
      { cause },
    );
  }
}

async function readTensors(
  reader: SafetensorsReader,
  located: readonly LocatedTensor[],
  seed: number,
  frozenBase: FrozenBase | null,
): Promise<Map<string, TrainableTensor>> {
  const tensors = new Map<string, TrainableTensor>();
  for (const { spec, stored } of located) {
    const frozen = frozenBase?.tensors.get(spec.name);
    const read = async (): Promise<TrainableTensor> =>
      stored === null
        ? freshTensor(spec, seed)
        : { data: await readFloats(reader, stored.name, stored.entry), dims: spec.dims, group: spec.group };
    tensors.set(spec.name, frozen ?? (await read()));
  }
  return tensors;
}

async function readFloats(reader: SafetensorsReader, name: string, entry: LocatedEntry): Promise<Float32Array> {
  try {
    return toFloat32(await reader.read(name));
  } catch (cause) {
    throw new CheckpointError(
      "wrong-dtype",
      `${entry.path}: tensor ${name}: ${(cause as Error).message}`,
      { file: entry.path, tensor: name },
      { cause },
    );
  }
}

/** New rows of the embedding table (and output layer) start as the mean of the others. */
function growTables(tensors: Map<string, TrainableTensor>, config: VideoLlmConfig, rows: number): void {
  if (rows === config.vocabularySize) return;
  for (const name of ["model.embed_tokens.weight", "lm_head.weight"]) {
    const table = tensors.get(name);
    if (table === undefined || isFrozen(table)) continue;
    const width = config.hiddenSize;
    const mean = new Float64Array(width);
    table.data.forEach((value, i) => {
      mean[i % width] = (mean[i % width] as number) + value / config.vocabularySize;
    });
    const data = new Float32Array(rows * width);
    data.set(table.data);
    for (let row = config.vocabularySize; row < rows; row++) data.set(mean, row * width);
    tensors.set(name, { ...table, data, dims: [rows, width] });
  }
}
