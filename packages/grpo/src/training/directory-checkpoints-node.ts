import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { readSafetensors, toFloat32, writeSafetensors } from "@videosafety/onnx-autodiff";
import { GrpoCheckpointError } from "../errors.js";
import type { CheckpointStore, GrpoCheckpoint } from "./checkpoint.js";
import type { Completion } from "./policy.js";
import type { PreparedRollout } from "./rollout.js";

const FORMAT = "videosafety-grpo-1";
const FILE = /^step-(\d+)\.safetensors$/;
const PARAMETER = "parameter.";
const SLOT = "optimizer.";

/**
 * Keeps checkpoints in a directory, one safetensors file a step (`step-00000120.safetensors`): tensors as tensors, the rest
 * as JSON in its metadata. Files appear whole or not at all, so a killed run leaves the newest complete one.
 *
 * @param directory created when missing
 * @param options.keep newest files to keep, default 2
 */
export function directoryCheckpoints(directory: string, options: { readonly keep?: number } = {}): CheckpointStore {
  const keep = options.keep ?? 2;
  return {
    async save(checkpoint) {
      await mkdir(directory, { recursive: true });
      const { parameters, optimizer, queue, ...rest } = checkpoint;
      const tensors = new Map<string, { data: Float32Array; dims: number[] }>();
      for (const [name, data] of parameters) tensors.set(PARAMETER + name, { data, dims: [data.length] });
      for (const [name, data] of optimizer.slots) tensors.set(SLOT + name, { data, dims: [data.length] });
      const state = JSON.stringify({ ...rest, optimizerStep: optimizer.step, queue: queue.map(packRollout) });
      const name = `step-${String(checkpoint.step).padStart(8, "0")}.safetensors`;
      await writeSafetensors(join(directory, name), tensors, { format: FORMAT, state });
      const files = await checkpointFiles(directory);
      for (const old of files.slice(0, Math.max(0, files.length - keep))) await rm(join(directory, old));
    },
  };
}

/**
 * The newest checkpoint of a directory, or undefined when there is none (start afresh then).
 *
 * @throws GrpoCheckpointError when the newest file is not a checkpoint of this package
 */
export async function latestCheckpoint(directory: string): Promise<GrpoCheckpoint | undefined> {
  const newest = (await checkpointFiles(directory)).at(-1);
  return newest === undefined ? undefined : readCheckpoint(join(directory, newest));
}

/** Reads one checkpoint file. @throws GrpoCheckpointError when it is damaged or of another kind */
export async function readCheckpoint(path: string): Promise<GrpoCheckpoint> {
  const { tensors, metadata } = await readSafetensors(path).catch((cause: unknown) => {
    throw new GrpoCheckpointError(`${path} cannot be read as a checkpoint; delete it to fall back to the one before`, {
      cause,
    });
  });
  if (metadata.format !== FORMAT || metadata.state === undefined)
    throw new GrpoCheckpointError(`${path} has format ${metadata.format ?? "none"}, expected ${FORMAT}`);
  const { optimizerStep, queue, ...rest } = JSON.parse(metadata.state) as Omit<
    GrpoCheckpoint,
    "parameters" | "optimizer" | "queue"
  > & { optimizerStep: number; queue: PackedRollout[] };
  const named = (prefix: string) =>
    new Map(
      [...tensors]
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, tensor]) => [name.slice(prefix.length), toFloat32(tensor)]),
    );
  return {
    ...rest,
    parameters: named(PARAMETER),
    optimizer: { step: optimizerStep, slots: named(SLOT) },
    queue: queue.map(unpackRollout),
  };
}

async function checkpointFiles(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names.filter((name) => FILE.test(name)).sort();
}

interface PackedCompletion extends Omit<Completion, "tokenIds" | "logProbs"> {
  readonly tokenIds: number[];
  readonly logProbs: (number | null)[];
}
interface PackedRollout extends Omit<PreparedRollout, "completions" | "oldLogProbs" | "referenceLogProbs"> {
  readonly completions: PackedCompletion[];
  readonly oldLogProbs: number[][] | null;
  readonly referenceLogProbs: number[][] | null;
}

// JSON keeps every finite float64 to the last bit; NaN (an unknown sampling log-probability) travels as null.
function packRollout(rollout: PreparedRollout): PackedRollout {
  return {
    ...rollout,
    completions: rollout.completions.map((completion) => ({
      ...completion,
      tokenIds: [...completion.tokenIds],
      logProbs: [...completion.logProbs].map((value) => (Number.isNaN(value) ? null : value)),
    })),
    oldLogProbs: rollout.oldLogProbs?.map((row) => [...row]) ?? null,
    referenceLogProbs: rollout.referenceLogProbs?.map((row) => [...row]) ?? null,
  };
}

function unpackRollout(packed: PackedRollout): PreparedRollout {
  return {
    ...packed,
    completions: packed.completions.map((completion) => ({
      ...completion,
      tokenIds: Int32Array.from(completion.tokenIds),
      logProbs: Float64Array.from(completion.logProbs, (value) => value ?? Number.NaN),
    })),
    oldLogProbs: packed.oldLogProbs?.map((row) => Float64Array.from(row)) ?? null,
    referenceLogProbs: packed.referenceLogProbs?.map((row) => Float64Array.from(row)) ?? null,
  };
}
