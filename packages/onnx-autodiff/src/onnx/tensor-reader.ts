import { FileFormatError } from "../errors.js";
import {
  alignedBytes,
  BYTES_PER_ELEMENT,
  type DType,
  ONNX_TYPE,
  type Shape,
  sizeOf,
  type TypedData,
} from "../tensor.js";
import {
  delimited,
  doublesOf,
  fields,
  floatsOf,
  integersOf,
  MAX_RANK,
  numberOf,
  safeInteger,
  textOf,
} from "./protobuf-reader.js";

/** A tensor stored in a model file. */
export interface OnnxTensor {
  /** Name; "" in attributes. */
  readonly name: string;
  readonly dtype: Exclude<DType, "string">;
  readonly shape: Shape;
  /** Elements, unless external. */
  readonly data: TypedData | undefined;
  /** Where the bytes lie in a file beside the model, unless inline. */
  readonly external: { readonly location: string; readonly offset: number; readonly length: number } | undefined;
}

/** ONNX's element type numbers to this package's names. */
export const DTYPES: ReadonlyMap<number, DType> = new Map(
  Object.entries(ONNX_TYPE).map(([name, code]) => [code, name as DType]),
);

/** Parses a TensorProto. @throws FileFormatError */
export function parseTensor(bytes: Uint8Array): OnnxTensor {
  const shape: number[] = [];
  const [floats, doubles, ints]: [number[], number[], bigint[]] = [[], [], []];
  const external = new Map<string, string>();
  let [name, type] = ["", 0];
  let raw: Uint8Array | undefined;
  for (const field of fields(bytes, "tensor")) {
    const label = `tensor ${name}`;
    if (field.number === 1) for (const d of integersOf(field, label)) shape.push(safeInteger(d, `${label} dimension`));
    else if (field.number === 2) type = numberOf(field, label);
    else if (field.number === 3) throw new FileFormatError(`${label}: tensors stored in segments are not supported`);
    else if (field.number === 4) for (const x of floatsOf(field, label)) floats.push(x);
    else if (field.number === 5 || field.number === 7) for (const x of integersOf(field, label)) ints.push(x);
    else if (field.number === 8) name = textOf(delimited(field, label), "tensor name");
    else if (field.number === 9) raw = delimited(field, label);
    else if (field.number === 10) for (const x of doublesOf(field, label)) doubles.push(x);
    else if (field.number === 13) external.set(...parseEntry(delimited(field, label)));
    if (shape.length > MAX_RANK) throw new FileFormatError(`${label}: rank ${shape.length} is more than ${MAX_RANK}`);
  }
  const dtype = DTYPES.get(type);
  if (!dtype || dtype === "string") throw new FileFormatError(`tensor ${name}: element type ${type} is not supported`);
  if (shape.some((d) => d < 0) || !Number.isSafeInteger(sizeOf(shape))) {
    throw new FileFormatError(`tensor ${name}: bad shape [${shape}]`);
  }
  const expected = Math.ceil(sizeOf(shape) * BYTES_PER_ELEMENT[dtype]);
  if (external.size > 0)
    return { name, dtype, shape, data: undefined, external: externalRange(name, external, expected) };
  const data = raw ? viewAs(dtype, raw) : fromFields(dtype, floats, doubles, ints);
  if (data.byteLength !== expected)
    throw new FileFormatError(`tensor ${name}: ${dtype}[${shape}] needs ${expected} bytes, found ${data.byteLength}`);
  return { name, dtype, shape, data, external: undefined };
}

function parseEntry(bytes: Uint8Array): [string, string] {
  let [key, value] = ["", ""];
  for (const field of fields(bytes, "external data")) {
    if (field.number === 1) key = textOf(delimited(field, "external data"), "external data key");
    if (field.number === 2) value = textOf(delimited(field, "external data"), "external data value");
  }
  return [key, value];
}

function externalRange(name: string, entries: ReadonlyMap<string, string>, expected: number) {
  const location = entries.get("location") ?? "";
  const offset = Number(entries.get("offset") ?? 0);
  const length = Number(entries.get("length") ?? expected);
  if (
    !location ||
    location.includes("\0") ||
    /^([/\\]|[A-Za-z]:)/.test(location) ||
    location.split(/[/\\]/).includes("..")
  ) {
    throw new FileFormatError(
      `tensor ${name}: external data must lie beside the model, found location ${JSON.stringify(location)}`,
    );
  }
  if (!Number.isSafeInteger(offset) || offset < 0 || length !== expected) {
    throw new FileFormatError(
      `tensor ${name}: external data of ${length} bytes at ${offset}, expected ${expected} bytes`,
    );
  }
  return { location, offset, length };
}

/** Little-endian bytes as the storage of a dtype; copied only when misaligned. @throws FileFormatError on a partial element */
export function viewAs(dtype: Exclude<DType, "string">, bytes: Uint8Array): TypedData {
  const size = BYTES_PER_ELEMENT[dtype];
  if (size >= 1 && bytes.length % size !== 0)
    throw new FileFormatError(`${bytes.length} bytes are no whole number of ${dtype} elements`);
  const { buffer, byteOffset } = alignedBytes(bytes, size);
  const count = bytes.length / Math.max(1, size); // 4-bit elements stay packed, two per byte
  const Storage = {
    float32: Float32Array,
    float64: Float64Array,
    float16: Uint16Array,
    bfloat16: Uint16Array,
    int64: BigInt64Array,
    int32: Int32Array,
    int8: Int8Array,
    uint8: Uint8Array,
    uint4: Uint8Array,
    bool: Uint8Array,
  }[dtype];
  return new Storage(buffer, byteOffset, count);
}

function fromFields(
  dtype: Exclude<DType, "string">,
  floats: readonly number[],
  doubles: readonly number[],
  ints: readonly bigint[],
): TypedData {
  if (dtype === "float32") return Float32Array.from(floats);
  if (dtype === "float64") return Float64Array.from(doubles);
  if (dtype === "int64") return BigInt64Array.from(ints);
  const numbers = ints.map(Number);
  if (dtype === "int32") return Int32Array.from(numbers);
  if (dtype === "int8") return Int8Array.from(numbers);
  return dtype === "float16" || dtype === "bfloat16" ? Uint16Array.from(numbers) : Uint8Array.from(numbers);
}
