import { stat } from "node:fs/promises";
import { join } from "node:path";
import { ALARM_TENSOR_NAMES, ALARM_TOKENS } from "@videosafety/alarm-tokens";
import { type LocatedEntry, openSafetensors } from "@videosafety/onnx-autodiff";
import { alarmVectorsOf, loadVideoLlm, readModelFiles, rowsFor } from "../checkpoint/load-node.js";
import { locateTensors } from "../checkpoint/locate-tensors.js";
import type { Precision } from "../checkpoint/precision.js";
import { readTokenizerFiles } from "../checkpoint/read-tokenizer-node.js";
import type { VideoLlmConfig } from "../config/config.js";
import type { Naming } from "../config/naming.js";
import { CheckpointError, HubError } from "../errors.js";
import { downloadConfiguration } from "../hub/download-model-node.js";
import { type HubOptions, hubSettings } from "../hub/hub-settings-node.js";
import { isHubId, type ResolvedModel, resolveModel } from "../hub/resolve-model-node.js";
import { parameterSpecs } from "../weights/parameters.js";
import { differences } from "./differences.js";
import { cacheBytesPerToken, memoryByPrecision } from "./memory-by-precision.js";

/** What a model directory or a model of the hub is. */
export interface ModelReport {
  /** As it was asked for. */
  readonly model: string;
  /** Where its files are. */
  readonly directory: string;
  /** Commit on the hub; null for a directory of one's own. */
  readonly commit: string | null;
  readonly family: VideoLlmConfig["family"];
  /** Whose tensor names it has. */
  readonly naming: Naming;
  /** Sizes and settings as they are used. */
  readonly config: VideoLlmConfig;
  readonly parameters: number;
  /** Type of most weights in the file. */
  readonly storedAs: string;
  /** Bytes of the weights by precision, and of the cache per token. */
  readonly memory: { readonly weights: Record<Precision, number>; readonly cachePerToken: number };
  /** What it has of the alarm tokens. */
  readonly alarms: { readonly inTokenizer: boolean; readonly vectors: boolean; readonly heads: boolean };
  /** What comes out other than in transformers, or is decided here because no file says it. */
  readonly differences: readonly string[];
  /** Whether it was loaded and answered one token, which `load` asks for; null when it was not tried. */
  readonly answered: boolean | null;
}

/** What `inspectModel` takes. */
export interface DoctorOptions extends HubOptions {
  /** Load the weights (downloading them) and answer one token. Default false: files and tensors are checked, not read. */
  readonly load?: boolean;
  /** Precision for `load`. Default float32. */
  readonly precision?: Precision;
}

/**
 * Says what a model is and checks that it would load: configuration, tokenizer, template, preprocessor, and the name and shape of
 * every tensor. For a model of the hub only small files and the heads of the weights' files are fetched.
 *
 * @throws the error that `loadVideoLlm` would throw.
 */
export async function inspectModel(idOrDirectory: string, options: DoctorOptions = {}): Promise<ModelReport> {
  const { directory, commit } = await locate(idOrDirectory, options);
  const read = await readModelFiles(directory);
  const entries = await entriesOf(idOrDirectory, directory, commit, options);
  const { described, tokenizer, chatTemplate } = read;
  const stated = { ...described.config, alarmVectors: alarmVectorsOf(entries) };
  const vocabularySize = rowsFor(stated.vocabularySize, tokenizer.vocabularySize, directory);
  locateTensors(entries, stated, directory);
  const config = { ...stated, vocabularySize };
  const original = await readOriginalTokens(directory);
  const has = (name: string): boolean => entries.has(name);
  let answered: boolean | null = null;
  if (options.load) answered = await answer(idOrDirectory, options);
  return {
    model: idOrDirectory,
    directory,
    commit,
    family: config.family,
    naming: described.naming,
    config,
    parameters: parameterSpecs(config).reduce((sum, { dims }) => sum + dims.reduce((a, b) => a * b, 1), 0),
    storedAs: mostCommonType(entries),
    memory: { weights: memoryByPrecision(config), cachePerToken: cacheBytesPerToken(config) },
    alarms: {
      inTokenizer: ALARM_TOKENS.every((token) => original.includes(token)),
      vectors: has(ALARM_TENSOR_NAMES.visualToken) && has(ALARM_TENSOR_NAMES.textualToken),
      heads: has(ALARM_TENSOR_NAMES.visualHeadWeight) && has(ALARM_TENSOR_NAMES.textualHeadWeight),
    },
    differences: differences({
      stated,
      vocabularySize,
      tokenizer,
      chatTemplate,
      files: read.files,
      generation: read.generation,
    }),
    answered,
  };
}

async function locate(idOrDirectory: string, options: DoctorOptions): Promise<ResolvedModel> {
  const found = await stat(idOrDirectory).catch(() => null);
  if (found === null && isHubId(idOrDirectory)) return downloadConfiguration(idOrDirectory, options);
  return resolveModel(idOrDirectory, options);
}

/** Of files that are here; of a model of the hub whose weights are not, from there. */
async function entriesOf(
  id: string,
  directory: string,
  commit: string | null,
  options: HubOptions,
): Promise<ReadonlyMap<string, LocatedEntry>> {
  if (commit === null) return localEntries(directory);
  const local = await localEntries(directory).catch(() => null);
  return local ?? remoteEntries(id, commit, directory, options);
}

async function localEntries(directory: string): Promise<ReadonlyMap<string, LocatedEntry>> {
  try {
    const reader = await openSafetensors(directory);
    await reader.close();
    return reader.entries;
  } catch (cause) {
    const message = `${directory}: cannot open the weights: ${(cause as Error).message}`;
    throw new CheckpointError("truncated", message, { file: directory }, { cause });
  }
}

/** Names, types and shapes from the heads of the files on the hub. */
async function remoteEntries(
  id: string,
  commit: string,
  directory: string,
  options: HubOptions,
): Promise<Map<string, LocatedEntry>> {
  const { endpoint: hubUrl, token, offline } = await hubSettings(options);
  if (offline)
    throw new HubError(
      `${id}: expected its weights in the cache, found none; unset HF_HUB_OFFLINE to look at the hub`,
      0,
    );
  const access = token === undefined ? {} : { accessToken: token };
  try {
    const { parseSafetensorsMetadata } = await import("@huggingface/hub");
    const parsed = await parseSafetensorsMetadata({ repo: id, revision: commit, hubUrl, ...access });
    const headers = parsed.sharded ? Object.entries(parsed.headers) : [["model.safetensors", parsed.header] as const];
    const entries = new Map<string, LocatedEntry>();
    for (const [file, header] of headers) {
      for (const [name, tensor] of Object.entries(header)) {
        if (name === "__metadata__") continue;
        const {
          dtype,
          shape,
          data_offsets: [start, end],
        } = tensor as { dtype: string; shape: number[]; data_offsets: [number, number] };
        entries.set(name, {
          dtype: dtype as never,
          dims: shape,
          offset: start,
          byteLength: end - start,
          path: join(directory, file),
        });
      }
    }
    return entries;
  } catch (cause) {
    throw new HubError(`${id}: cannot read the heads of its weights: ${(cause as Error).message}`, 0, { cause });
  }
}

/** Tokens of the file itself: a load adds the alarm tokens. */
async function readOriginalTokens(directory: string): Promise<readonly string[]> {
  const { tokenizer } = await readTokenizerFiles(directory);
  return (tokenizer.added_tokens ?? []).map(({ content }) => content);
}

function mostCommonType(entries: ReadonlyMap<string, LocatedEntry>): string {
  const bytes = new Map<string, number>();
  for (const { dtype, byteLength } of entries.values()) bytes.set(dtype, (bytes.get(dtype) ?? 0) + byteLength);
  return [...bytes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "none";
}

async function answer(model: string, options: DoctorOptions): Promise<boolean> {
  const loaded = await loadVideoLlm(model, options);
  try {
    const prompt = loaded.preparePrompt({ messages: [{ role: "user", content: "Hello" }] });
    const [[completion] = []] = await loaded.generate([prompt], { maxCompletionLength: 1, temperature: 0 });
    return (completion?.tokenIds.length ?? 0) > 0;
  } finally {
    await loaded.dispose();
  }
}
