import { FileFormatError } from "../errors.js";
import { alignedBytes, type DType, sizeOf, type Tensor, type TypedData } from "../tensor.js";
import { bfloat16ToFloat32, float16ToFloat32 } from "./float-formats.js";

/** Element types of the format that this package reads and writes. */
export type SafetensorsDType = "F64" | "F32" | "F16" | "BF16" | "I64" | "I32" | "I8" | "U8" | "BOOL";

const FORMATS: Readonly<
  Record<SafetensorsDType, { bytes: number; dtype: DType; view: (b: ArrayBuffer, o: number, n: number) => TypedData }>
> = {
  F64: { bytes: 8, dtype: "float64", view: (b, o, n) => new Float64Array(b, o, n) },
  F32: { bytes: 4, dtype: "float32", view: (b, o, n) => new Float32Array(b, o, n) },
  F16: { bytes: 2, dtype: "float16", view: (b, o, n) => new Uint16Array(b, o, n) },
  BF16: { bytes: 2, dtype: "bfloat16", view: (b, o, n) => new Uint16Array(b, o, n) },
  I64: { bytes: 8, dtype: "int64", view: (b, o, n) => new BigInt64Array(b, o, n) },
  I32: { bytes: 4, dtype: "int32", view: (b, o, n) => new Int32Array(b, o, n) },
  I8: { bytes: 1, dtype: "int8", view: (b, o, n) => new Int8Array(b, o, n) },
  U8: { bytes: 1, dtype: "uint8", view: (b, o, n) => new Uint8Array(b, o, n) },
  BOOL: { bytes: 1, dtype: "bool", view: (b, o, n) => new Uint8Array(b, o, n) },
};

/** Where one tensor lies in a file. */
export interface SafetensorsEntry {
  /** Element type as stored. */
  readonly dtype: SafetensorsDType;
  readonly dims: readonly number[];
  /** First byte in the file. */
  readonly offset: number;
  readonly byteLength: number;
}

/** A tensor of a safetensors file; 16-bit floats are bit patterns (see `toFloat32`). */
export interface StoredTensor extends Tensor {
  readonly dtype: DType;
}

/** A parsed header. */
export interface SafetensorsHeader {
  /** Tensors by name, in file order. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  /** The `__metadata__` strings. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Largest header accepted, the limit of the reference implementation. */
export const MAX_HEADER_BYTES = 100_000_000;

/** Length of the header JSON from the first 8 bytes. @throws FileFormatError when it does not fit the file */
export function headerLength(prefix: Uint8Array, fileBytes: number, label: string): number {
  if (prefix.length < 8)
    throw new FileFormatError(`${label}: expected at least 8 bytes, found ${prefix.length}; the file is truncated`);
  const length = Number(new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true));
  if (length < 2 || length > MAX_HEADER_BYTES || 8 + length > fileBytes) {
    throw new FileFormatError(
      `${label}: header of ${length} bytes does not fit a file of ${fileBytes} bytes (limit ${MAX_HEADER_BYTES}); not a safetensors file, or truncated`,
    );
  }
  return length;
}

/** Parses and checks a header: known dtypes, sizes that match shapes, ranges inside the file that do not overlap. @throws FileFormatError */
export function parseHeader(json: Uint8Array, fileBytes: number, label: string): SafetensorsHeader {
  let raw: unknown;
  try {
    raw = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
  } catch (cause) {
    throw new FileFormatError(`${label}: the header is not JSON; not a safetensors file, or damaged`, { cause });
  }
  if (typeof raw !== "object" || raw === null || Array.isArray(raw))
    throw new FileFormatError(`${label}: the header is not an object`);
  const { __metadata__: metadata = {}, ...tensors } = raw as Record<string, unknown>;
  if (typeof metadata !== "object" || metadata === null || Object.values(metadata).some((v) => typeof v !== "string")) {
    throw new FileFormatError(`${label}: __metadata__ must map strings to strings`);
  }
  const start = 8 + json.length;
  const entries = Object.entries(tensors).map(
    ([name, entry]) => [name, parseEntry(entry, start, fileBytes, `${label}: tensor ${name}`)] as const,
  );
  let end = start;
  for (const [name, entry] of [...entries].sort((a, b) => a[1].offset - b[1].offset)) {
    if (entry.offset < end) throw new FileFormatError(`${label}: tensor ${name} overlaps another one`);
    end = entry.offset + entry.byteLength;
  }
  return { entries: new Map(entries), metadata: metadata as Record<string, string> };
}

function parseEntry(entry: unknown, start: number, fileBytes: number, label: string): SafetensorsEntry {
  const {
    dtype,
    shape,
    data_offsets: range,
  } = (entry ?? {}) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
  const natural = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;
  if (typeof dtype !== "string" || !Object.hasOwn(FORMATS, dtype)) {
    throw new FileFormatError(
      `${label}: dtype ${String(dtype)} is not supported; expected one of ${Object.keys(FORMATS).join(", ")}`,
    );
  }
  if (!Array.isArray(shape) || !shape.every(natural))
    throw new FileFormatError(`${label}: bad shape ${JSON.stringify(shape)}`);
  if (!Array.isArray(range) || range.length !== 2 || !range.every(natural))
    throw new FileFormatError(`${label}: bad data_offsets ${JSON.stringify(range)}`);
  const [from, to] = range as [number, number];
  const expected = sizeOf(shape) * FORMATS[dtype as SafetensorsDType].bytes;
  if (to - from !== expected)
    throw new FileFormatError(`${label}: ${dtype}[${shape}] needs ${expected} bytes, data_offsets span ${to - from}`);
  if (start + to > fileBytes)
    throw new FileFormatError(`${label}: ends at byte ${start + to} of a file of ${fileBytes}; the file is truncated`);
  return { dtype: dtype as SafetensorsDType, dims: shape as number[], offset: start + from, byteLength: expected };
}

/** A typed view of an entry's bytes; copies only when `bytes` is not aligned for the type. */
export function viewTensor(entry: SafetensorsEntry, bytes: Uint8Array): StoredTensor {
  const format = FORMATS[entry.dtype];
  const { buffer, byteOffset } = alignedBytes(bytes, format.bytes);
  const data = format.view(buffer, byteOffset, entry.byteLength / format.bytes);
  return { dtype: format.dtype, dims: entry.dims, data };
}

/** Any float tensor as float32; float32 data is returned as it is, not copied. @throws FileFormatError on integers */
export function toFloat32(tensor: StoredTensor): Float32Array {
  switch (tensor.dtype) {
    case "float32":
      return tensor.data as Float32Array;
    case "float64":
      return Float32Array.from(tensor.data as Float64Array);
    case "float16":
      return float16ToFloat32(tensor.data as Uint16Array);
    case "bfloat16":
      return bfloat16ToFloat32(tensor.data as Uint16Array);
    default:
      throw new FileFormatError(`expected a float tensor, found ${tensor.dtype}`);
  }
}

/** Parses a whole file in memory; tensors are views of `bytes` where alignment allows. @throws FileFormatError */
export function parseSafetensors(
  bytes: Uint8Array,
  label = "safetensors",
): { tensors: Map<string, StoredTensor>; metadata: Readonly<Record<string, string>> } {
  const length = headerLength(bytes.subarray(0, 8), bytes.length, label);
  const { entries, metadata } = parseHeader(bytes.subarray(8, 8 + length), bytes.length, label);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of entries)
    tensors.set(name, viewTensor(entry, bytes.subarray(entry.offset, entry.offset + entry.byteLength)));
  return { tensors, metadata };
}

/** What a writer takes: the dtype follows the array, unless `dtype` says that a Uint16Array holds float16 or bfloat16 bits. */
export interface TensorToStore extends Tensor {
  /** Element type; needed for 16-bit floats and bool. */
  readonly dtype?: DType;
}

function storedDType(name: string, tensor: TensorToStore): SafetensorsDType {
  const { data, dtype } = tensor;
  const found = (Object.entries(FORMATS) as [SafetensorsDType, { dtype: DType }][]).find(
    ([, f]) => f.dtype === dtype,
  )?.[0];
  if (dtype !== undefined && found) return found;
  if (data instanceof Float32Array) return "F32";
  if (data instanceof Float64Array) return "F64";
  if (data instanceof BigInt64Array) return "I64";
  if (data instanceof Int32Array) return "I32";
  if (data instanceof Int8Array) return "I8";
  if (data instanceof Uint8Array) return "U8";
  throw new FileFormatError(`tensor ${name}: a Uint16Array needs dtype "float16" or "bfloat16"`);
}

/** The file as chunks to write one after another: header (aligned to 8 bytes), then each tensor's own bytes. @throws FileFormatError */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, TensorToStore>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  const planned = new Map(
    [...tensors].map(([name, tensor]) => [name, { dtype: storedDType(name, tensor), dims: tensor.dims }]),
  );
  const { bytes, entries } = encodeHeader(planned, metadata);
  const chunks = [bytes];
  for (const [name, { dtype, dims, byteLength }] of entries) {
    const { data } = tensors.get(name) as TensorToStore;
    if (byteLength !== data.byteLength)
      throw new FileFormatError(
        `tensor ${name}: ${dtype}[${dims}] needs ${sizeOf(dims)} elements, found ${data.length}`,
      );
    chunks.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return chunks;
}

/** The header of a file (aligned to 8 bytes), and where each tensor goes, in file order. @throws FileFormatError when readers would refuse its size or a name */
export function encodeHeader(
  tensors: ReadonlyMap<string, { readonly dtype: SafetensorsDType; readonly dims: readonly number[] }>,
  metadata: Readonly<Record<string, string>> = {},
): { bytes: Uint8Array; entries: Map<string, SafetensorsEntry> } {
  if (tensors.has("__metadata__"))
    throw new FileFormatError("a tensor cannot be named __metadata__: the format keeps that name for its strings");
  // Without a prototype, so that a tensor may be named __proto__.
  const header: Record<string, unknown> = Object.assign(
    Object.create(null),
    Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {},
  );
  // Wide types first keeps every tensor aligned, as the reference writer does.
  const items = [...tensors].sort(
    ([a, { dtype: x }], [b, { dtype: y }]) => FORMATS[y].bytes - FORMATS[x].bytes || (a < b ? -1 : 1),
  );
  const entries = new Map<string, SafetensorsEntry>();
  let offset = 0;
  for (const [name, { dtype, dims }] of items) {
    const byteLength = sizeOf(dims) * FORMATS[dtype].bytes;
    header[name] = { dtype, shape: dims, data_offsets: [offset, offset + byteLength] };
    entries.set(name, { dtype, dims, offset, byteLength });
    offset += byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  if (bytes.length - 8 > MAX_HEADER_BYTES)
    throw new FileFormatError(
      `a header of ${bytes.length - 8} bytes cannot be read back (limit ${MAX_HEADER_BYTES}); put large data into tensors, not into metadata`,
    );
  new DataView(bytes.buffer).setBigUint64(0, BigInt(bytes.length - 8), true);
  bytes.set(json, 8);
  for (const [name, entry] of entries) entries.set(name, { ...entry, offset: entry.offset + bytes.length });
  return { bytes, entries };
}
