import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import {
  float32ToBfloat16,
  float32ToFloat16,
  openSafetensors,
  type PlannedTensor,
  quantizeRows,
  type SafetensorsStream,
  type StoredTensor,
  streamSafetensors,
  toFloat32,
} from "@videosafety/onnx-autodiff";
import { CheckpointError } from "../errors.js";
import { contentHashes } from "./content-hash-node.js";
import type { PlannedWeight } from "./planned-weight.js";

/** Changes when the layout of converted files does. */
const FORMAT = "2";
/** Source bytes converted at a time. */
const SLAB_BYTES = 2 ** 25;
const ARRAYS = { F32: Float32Array, F64: Float64Array, F16: Uint16Array, BF16: Uint16Array } as const;
const DTYPES = { F32: "float32", F64: "float64", F16: "float16", BF16: "bfloat16" } as const;
const STORED = { float32: "F32", float16: "F16", bfloat16: "BF16" } as const;

/**
 * The file of converted weights for some checkpoint and plan: made on first use, found again by a hash of the sources'
 * bytes, their layout and the plan. It appears complete or not at all, whoever is killed when.
 *
 * @returns its path.
 * @throws CheckpointError `cache-unwritable` when the directory cannot be written, `wrong-dtype` for integer weights.
 */
export async function convertedWeights(
  weights: readonly PlannedWeight[],
  cacheDirectory: string,
  label: string,
): Promise<string> {
  const key = await cacheKey(weights, cacheDirectory);
  const path = join(cacheDirectory, `${label}-${key.slice(0, 20)}.safetensors`);
  if (await isComplete(path, key)) return path;
  try {
    await mkdir(cacheDirectory, { recursive: true });
    await convert(weights, path, key);
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause;
    throw new CheckpointError(
      "cache-unwritable",
      `${path}: expected to write converted weights, found ${(cause as Error).message}; set cacheDirectory to one with room`,
      { file: path },
      { cause },
    );
  }
  return path;
}

async function cacheKey(weights: readonly PlannedWeight[], cacheDirectory: string): Promise<string> {
  const files = [...new Set(weights.map(({ entry }) => entry.path))].sort();
  const sources = await contentHashes(files, cacheDirectory);
  const layout = weights.map(({ name, dims, plan, entry }) => [
    name,
    dims,
    plan,
    entry.dtype,
    entry.dims,
    entry.offset,
    files.indexOf(entry.path),
  ]);
  return createHash("sha256")
    .update(JSON.stringify([FORMAT, sources, layout]))
    .digest("hex");
}

async function isComplete(path: string, key: string): Promise<boolean> {
  try {
    const reader = await openSafetensors(path);
    await reader.close();
    return reader.metadata.key === key;
  } catch {
    return false; // absent or damaged: written again
  }
}

/** Tensors of the converted file: floats under their own name, blocks as three. */
function plannedFile(weights: readonly PlannedWeight[]): Map<string, PlannedTensor> {
  const tensors = new Map<string, PlannedTensor>();
  for (const { name, dims, plan } of weights) {
    if (plan.kind === "float") {
      tensors.set(name, { dtype: STORED[plan.dtype], dims });
      continue;
    }
    const [rows = 0, columns = 0] = dims;
    const { bits, blockSize } = plan.quantization;
    const blocks = columns / blockSize;
    tensors.set(`${name}.codes`, { dtype: "U8", dims: [rows, (columns * bits) / 8] });
    tensors.set(`${name}.scales`, { dtype: "F32", dims: [rows, blocks] });
    tensors.set(`${name}.zero_points`, { dtype: "U8", dims: [Math.ceil((rows * blocks * bits) / 8)] });
  }
  return tensors;
}

async function convert(weights: readonly PlannedWeight[], path: string, key: string): Promise<void> {
  const stream = await streamSafetensors(path, plannedFile(weights), { key, format: "videosafety-frozen" });
  const handles = new Map<string, FileHandle>();
  try {
    for (const weight of weights) {
      const handle = handles.get(weight.entry.path) ?? (await open(weight.entry.path, "r"));
      handles.set(weight.entry.path, handle);
      await convertTensor(weight, handle, stream);
    }
    await stream.finish();
  } finally {
    await stream.abort();
    for (const handle of handles.values()) await handle.close();
  }
}

async function convertTensor(weight: PlannedWeight, handle: FileHandle, stream: SafetensorsStream): Promise<void> {
  const { entry, dims } = weight;
  const [rows = 1] = entry.dims;
  const width = entry.byteLength / rows;
  // An even number of rows keeps zero points of 4 bits from sharing a byte across slabs.
  const step = Math.max(2, 2 * Math.floor(SLAB_BYTES / width / 2));
  const added = (dims[0] as number) - rows;
  const sums = new Float64Array(added > 0 ? sizeOfRow(entry.dims) : 0);
  for (let row = 0; row < rows; row += step) {
    const count = Math.min(step, rows - row);
    const floats = await readFloats(weight, handle, entry.offset + row * width, count * width);
    for (let i = 0; i < (added > 0 ? floats.length : 0); i++)
      sums[i % sums.length] = (sums[i % sums.length] as number) + (floats[i] as number);
    await appendRows(weight, floats, stream);
  }
  // New rows of a grown table start as the mean of the others.
  if (added <= 0) return;
  const mean = Float32Array.from(sums, (sum) => sum / rows);
  const grown = new Float32Array(added * mean.length);
  for (let row = 0; row < added; row++) grown.set(mean, row * mean.length);
  await appendRows(weight, grown, stream);
}

const sizeOfRow = (dims: readonly number[]): number => dims.slice(1).reduce((a, b) => a * b, 1);

async function readFloats(
  weight: PlannedWeight,
  handle: FileHandle,
  position: number,
  length: number,
): Promise<Float32Array> {
  const { entry, stored } = weight;
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, position + done);
    if (bytesRead === 0)
      throw new CheckpointError("truncated", `${entry.path}: tensor ${stored}: the file ends early`, {
        file: entry.path,
        tensor: stored,
      });
    done += bytesRead;
  }
  const View = ARRAYS[entry.dtype as keyof typeof ARRAYS];
  const dtype = DTYPES[entry.dtype as keyof typeof DTYPES];
  const data = new View(bytes.buffer);
  return toFloat32({ dtype, dims: [data.length], data } satisfies StoredTensor);
}

async function appendRows(
  { name, dims, plan }: PlannedWeight,
  floats: Float32Array,
  stream: SafetensorsStream,
): Promise<void> {
  const bytesOf = (data: Float32Array | Uint16Array): Uint8Array =>
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (plan.kind === "float") {
    const { dtype } = plan;
    const data =
      dtype === "float32" ? floats : dtype === "float16" ? float32ToFloat16(floats) : float32ToBfloat16(floats);
    return stream.append(name, bytesOf(data));
  }
  const { codes, scales, zeroPoints } = quantizeRows(floats, dims[1] as number, plan.quantization);
  await stream.append(`${name}.codes`, codes);
  await stream.append(`${name}.scales`, bytesOf(scales));
  await stream.append(`${name}.zero_points`, zeroPoints);
}
