import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type DownloadProgress,
  hasAlarms,
  loadAdapter,
  loadVideoLlm,
  openContentLedger,
  type Precision,
  resolveModel,
  type SampleLimits,
  type VideoLlm,
} from "@videosafety/video-llm";
import { DefenseError } from "../errors.js";
import { defined } from "../run-file/frames-of.js";
import { cacheFolder } from "./cache-folder-node.js";
import { type CheckpointNotes, readNotes } from "./checkpoint-notes-node.js";

/** How a checkpoint is opened; what is left out is what its notes say, else the default. */
export interface OpenOptions {
  /** How the base weights are held. */
  readonly precision?: Precision;
  /** onnxruntime execution providers in order of preference. */
  readonly providers?: readonly string[];
  /** Threads inside an operation. */
  readonly threads?: number;
  /** Most tokens of one forward and backward pass. */
  readonly maxTokensPerRun?: number;
  /** Branch, tag or commit of an id. */
  readonly revision?: string;
  /** Ask no server. */
  readonly offline?: boolean;
  /** Adapter that goes onto a model: directory or id. */
  readonly adapter?: string;
  /** Frames of a video, and its most tokens. */
  readonly frames?: { readonly [K in "fps" | "maxFrames" | "maxVisualTokens"]?: number | undefined };
  /** Learned alarm vectors of a model that has none. */
  readonly alarmVectors?: { readonly visual?: number; readonly textual?: number };
  /** Seed of tensors that the checkpoint lacks: the alarm heads. */
  readonly seed?: number;
  /** Told how far a download is. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly signal?: AbortSignal;
}

/** A model that is ready, with what a run said about it. */
export interface OpenedCheckpoint {
  readonly model: VideoLlm;
  /** As it was asked for. */
  readonly source: string;
  /** What the run that made it noted; null for a model that no run made. */
  readonly notes: CheckpointNotes | null;
  /** How its base weights are held. */
  readonly precision: Precision;
  /** Bounds on the frames of videos, for `samplePlanFor`. */
  readonly frames: SampleLimits;
  /** Whether its prompts have alarm tokens: as its notes say, else whether it has any that hold something. */
  readonly alarmTokens: boolean;
  /** What is written around a question, as in its training; `{query}` alone where its notes say nothing. */
  readonly questionPrompt: string;
  /** SHA-256 of configuration, tokenizer and weights, adapter included: two that agree are the same model. */
  readonly hash: string;
}

const exists = async (path: string): Promise<boolean> => (await stat(path).catch(() => null)) !== null;

/** The base and the adapter behind what a user names: a model directory, a hub id, or the folder of an adapter. */
export interface CheckpointParts {
  readonly base: string;
  readonly adapter: string | undefined;
  readonly notes: CheckpointNotes | null;
}

/**
 * Looks at what a user named: a folder with adapter_config.json and no config.json is an adapter, whose base its run noted, or PEFT
 * (`base_model_name_or_path`).
 *
 * @throws DefenseError `model-unusable` for an adapter that says no base
 */
export async function checkpointParts(source: string, adapter?: string): Promise<CheckpointParts> {
  const notes = await readNotes(source);
  const config = join(source, "adapter_config.json");
  if ((await exists(join(source, "config.json"))) || !(await exists(config))) return { base: source, adapter, notes };
  if (adapter !== undefined)
    throw new DefenseError("model-unusable", `${source}: expected a model beside an adapter, found a second adapter`);
  let named: unknown;
  try {
    named = (JSON.parse(await readFile(config, "utf8")) as { base_model_name_or_path?: unknown })
      .base_model_name_or_path;
  } catch (cause) {
    throw new DefenseError("model-unusable", `${config}: expected JSON, found a syntax error`, { cause });
  }
  const base = notes?.base ?? named;
  if (typeof base === "string" && base !== "") return { base, adapter: source, notes };
  throw new DefenseError(
    "model-unusable",
    `${config}: expected base_model_name_or_path, the model that the adapter is for, found none; name the model and give the adapter beside it`,
  );
}

/**
 * Opens a model directory, a model of the Hugging Face hub, or an adapter on its base; a checkpoint of a run as the run had it
 * (precision, frames, alarm tokens) unless told otherwise.
 *
 * @throws DefenseError `model-unusable`; what `loadVideoLlm` and `loadAdapter` throw, naming file and tensor
 */
export async function openCheckpoint(source: string, options: OpenOptions = {}): Promise<OpenedCheckpoint> {
  const { base, adapter, notes } = await checkpointParts(source, options.adapter);
  const { maxVisualTokens, ...limits } = { ...notes?.frames, ...defined(options.frames ?? {}) };
  const revision = options.revision ?? notes?.revision;
  const { threads, providers, maxTokensPerRun, seed, alarmVectors, offline, onProgress, signal } = options;
  const precision = options.precision ?? notes?.precision ?? "float32";
  const hub = defined({ revision, offline, onProgress, signal });
  const model = await loadVideoLlm(base, {
    ...hub,
    precision,
    memoryPattern: false,
    ...defined({ providers, threads, maxTokensPerRun, seed, alarmVectors, maxVisualTokens }),
  });
  if (adapter !== undefined) await loadAdapter(model, adapter, hub);
  const hash = await checkpointHash([base, ...(adapter === undefined ? [] : [adapter])], hub);
  const alarmTokens = notes?.alarmTokens ?? hasAlarms(model);
  const questionPrompt = notes?.questionPrompt ?? "{query}";
  return { model, source, notes, precision, frames: limits as SampleLimits, alarmTokens, questionPrompt, hash };
}

const RELEVANT =
  /\.safetensors$|^(config|adapter_config|tokenizer|preprocessor_config|processor_config|video_preprocessor_config)\.json$|^chat_template\.jinja$/;

/** SHA-256 over the files that decide what a model computes; weights that were hashed before are not read again. */
export async function checkpointHash(
  sources: readonly string[],
  hub: { readonly revision?: string; readonly offline?: boolean } = {},
): Promise<string> {
  const ledger = await openContentLedger(cacheFolder());
  const hash = createHash("sha256");
  for (const source of sources) {
    const { directory } = await resolveModel(source, hub);
    for (const name of (await readdir(directory)).filter((file) => RELEVANT.test(file)).sort())
      hash.update(`${name}\0${await ledger.hash(join(directory, name))}\n`);
  }
  await ledger.save();
  return hash.digest("hex");
}
