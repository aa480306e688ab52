import { closeSync, openSync, readSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import {
  dequantizeRows,
  type FrozenStorage,
  type LocatedEntry,
  openSafetensors,
  type StoredBytes,
  toFloat32,
} from "@videosafety/onnx-autodiff";
import { CheckpointError } from "../errors.js";
import type { FrozenBase, FrozenTensor } from "../weights/frozen-tensor.js";
import { convertedWeights } from "./convert-weights-node.js";
import type { LocatedTensor } from "./locate-tensors.js";
import type { PlannedWeight } from "./planned-weight.js";
import { type PrecisionOptions, type StoragePlan, storagePlan } from "./precision.js";

type External = Extract<StoredBytes, { kind: "external" }>;

const FLOATS: Readonly<Record<string, string>> = { F32: "float32", F16: "float16", BF16: "bfloat16", F64: "float64" };
const TABLES = ["model.embed_tokens.weight", "lm_head.weight"];

/**
 * Makes the base of a model frozen: weights stay in files that every compiled graph maps. Files of the checkpoint are used
 * as they are where every tensor has the wanted float type already; else a converted copy is made once.
 *
 * @param vocabularySize rows of the embedding table, at least the checkpoint's.
 * @throws CheckpointError
 */
export async function openFrozenBase(
  located: readonly LocatedTensor[],
  directory: string,
  vocabularySize: number,
  options: PrecisionOptions,
): Promise<FrozenBase> {
  const weights = planWeights(located, vocabularySize, options);
  const inPlace = await mapInPlace(weights);
  if (inPlace !== null) return inPlace;
  const cacheDirectory = options.cacheDirectory ?? join(directory, ".videosafety");
  const path = await convertedWeights(weights, cacheDirectory, options.precision ?? "float32");
  const reader = await openSafetensors(path);
  await reader.close();
  const bytes = (name: string): External => externalOf(reader.entries.get(name) as LocatedEntry);
  const storageOf = ({ name, plan }: PlannedWeight): FrozenStorage => {
    if (plan.kind === "float") return { ...plan, data: bytes(name) };
    return {
      ...plan,
      codes: bytes(`${name}.codes`),
      scales: bytes(`${name}.scales`),
      zeroPoints: bytes(`${name}.zero_points`),
    };
  };
  return frozenBase(dirname(path), weights, storageOf);
}

function planWeights(
  located: readonly LocatedTensor[],
  vocabularySize: number,
  options: PrecisionOptions,
): PlannedWeight[] {
  return located.flatMap(({ spec, stored }) => {
    if (stored === null) return [];
    const { name, group } = spec;
    const dims = TABLES.includes(name) ? [vocabularySize, ...spec.dims.slice(1)] : spec.dims;
    const plan = storagePlan({ ...spec, dims }, options);
    if (plan === null) return [];
    if (FLOATS[stored.entry.dtype] === undefined) {
      const { path } = stored.entry;
      throw new CheckpointError(
        "wrong-dtype",
        `${path}: tensor ${stored.name}: expected floats, found ${stored.entry.dtype}`,
        { file: path, tensor: stored.name },
      );
    }
    return [{ name, stored: stored.name, dims, group, entry: stored.entry, plan }];
  });
}

/** The checkpoint's own files, where nothing has to be converted and all lie in one directory. */
async function mapInPlace(weights: readonly PlannedWeight[]): Promise<FrozenBase | null> {
  const real = new Map<string, string>();
  for (const { entry, plan, dims } of weights) {
    const sameType = plan.kind === "float" && FLOATS[entry.dtype] === plan.dtype;
    if (!sameType || entry.dims[0] !== dims[0]) return null;
    // onnxruntime refuses links that leave the directory, and the Hugging Face cache consists of such links.
    if (!real.has(entry.path)) real.set(entry.path, await realpath(entry.path));
  }
  const directories = new Set([...real.values()].map((path) => dirname(path)));
  const [directory] = directories;
  if (directory === undefined || directories.size > 1) return null;
  const storageOf = ({ entry, plan }: PlannedWeight): FrozenStorage => ({
    ...(plan as Extract<StoragePlan, { kind: "float" }>),
    data: externalOf({ ...entry, path: real.get(entry.path) as string }),
  });
  return frozenBase(directory, weights, storageOf);
}

const externalOf = ({ path, offset, byteLength }: LocatedEntry): External => ({
  kind: "external",
  location: basename(path),
  offset,
  length: byteLength,
});

function frozenBase(
  directory: string,
  weights: readonly PlannedWeight[],
  storageOf: (weight: PlannedWeight) => FrozenStorage,
): FrozenBase {
  const tensors = new Map<string, FrozenTensor>();
  for (const weight of weights) {
    const { name, dims, group } = weight;
    const storage = storageOf(weight);
    tensors.set(name, {
      dims,
      group,
      storage,
      get data() {
        return readStorage(directory, storage);
      },
    });
  }
  return { directory, tensors };
}

/** The float32 values of a stored weight. */
function readStorage(directory: string, storage: FrozenStorage): Float32Array {
  const read = (bytes: StoredBytes): Uint8Array => readRange(directory, bytes as External);
  if (storage.kind === "blocks") {
    const rows = {
      codes: read(storage.codes),
      scales: new Float32Array(read(storage.scales).buffer),
      zeroPoints: read(storage.zeroPoints),
    };
    return dequantizeRows(rows, storage.quantization);
  }
  const { buffer } = read(storage.data);
  const data = storage.dtype === "float32" ? new Float32Array(buffer) : new Uint16Array(buffer);
  return toFloat32({ dtype: storage.dtype, dims: [data.length], data });
}

function readRange(directory: string, { location, offset, length }: External): Uint8Array<ArrayBuffer> {
  const path = join(directory, location);
  const bytes = new Uint8Array(length);
  const file = openSync(path, "r");
  try {
    let done = 0;
    while (done < length) {
      const count = readSync(file, bytes, done, Math.min(length - done, 2 ** 30), offset + done);
      if (count === 0) throw new CheckpointError("truncated", `${path}: the file ends early`, { file: path });
      done += count;
    }
  } finally {
    closeSync(file);
  }
  return bytes;
}
