import { FileFormatError } from "../errors.js";
import { BYTES_PER_ELEMENT, type DType, ONNX_TYPE, type Shape, sizeOf, type TypedData } from "../tensor.js";
import { type Field, fields, integersOf, safeInteger, textOf } from "./protobuf-reader.js";

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
/** A typed attribute. */
export type OnnxAttribute =
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "ints"; readonly value: readonly number[] }
  | { readonly kind: "floats"; readonly value: readonly number[] }
  | { readonly kind: "tensor"; readonly value: OnnxTensor }
  | { readonly kind: "other" };
/** A node. */
export interface OnnxNode {
  /** Name, or op and first output where the file has none. */
  readonly name: string;
  readonly op: string;
  /** Operator set domain; "" is ai.onnx. */
  readonly domain: string;
  /** Input names; "" is an omitted one. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
}
/** A declared value: input, output, or value_info. */
export interface OnnxValue {
  readonly name: string;
  /** Element type; undefined when it is not a plain tensor. */
  readonly dtype: DType | undefined;
  /** Dimensions: sizes, symbols, or null where the file leaves one open; undefined without a shape. */
  readonly shape: readonly (number | string | null)[] | undefined;
}
/** A parsed model. Tensor data are views of the given bytes where alignment allows. */
export interface OnnxModel {
  /** Version of the ai.onnx operator set. */
  readonly opset: number;
  /** Nodes, in file order. */
  readonly nodes: readonly OnnxNode[];
  /** Constants. */
  readonly initializers: readonly OnnxTensor[];
  /** Inputs, without those that are initializers. */
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** Declared intermediate values. */
  readonly values: readonly OnnxValue[];
}

/** Bounds on what a file may hold. */
export interface OnnxLimits {
  /** Nodes, default 200,000. */
  readonly maxNodes?: number;
  /** Initializers, default 200,000. */
  readonly maxInitializers?: number;
}

const MAX_RANK = 16;
const DTYPES = new Map(Object.entries(ONNX_TYPE).map(([name, code]) => [code, name as DType]));

/** Parses an ONNX file: lengths, sizes, dtypes and counts are checked before use. @throws FileFormatError */
export function parseOnnxModel(bytes: Uint8Array, limits: OnnxLimits = {}): OnnxModel {
  let graph: Uint8Array | undefined;
  let opset: number | undefined;
  for (const field of fields(bytes, "model")) {
    if (field.number === 7) graph = delimited(field, "model graph");
    if (field.number === 25) throw new FileFormatError("model: local functions are not supported; inline them first");
    if (field.number !== 8) continue;
    let [domain, version] = ["", 0];
    for (const f of fields(delimited(field, "opset_import"), "opset_import")) {
      if (f.number === 1) domain = textOf(f.bytes, "opset domain");
      if (f.number === 2) version = safeInteger(f.value, "opset version");
    }
    if (domain === "" || domain === "ai.onnx") opset = version;
  }
  if (!graph || opset === undefined)
    throw new FileFormatError("model: found no graph or no ai.onnx opset; not an ONNX file, or truncated");
  return { opset, ...parseGraph(graph, limits) };
}

function parseGraph(
  bytes: Uint8Array,
  { maxNodes = 200_000, maxInitializers = 200_000 }: OnnxLimits,
): Omit<OnnxModel, "opset"> {
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  const [inputs, outputs, values]: [OnnxValue[], OnnxValue[], OnnxValue[]] = [[], [], []];
  for (const field of fields(bytes, "graph")) {
    if (field.number === 1) {
      if (nodes.length >= maxNodes)
        throw new FileFormatError(`graph: more than ${maxNodes} nodes; raise maxNodes if you trust the file`);
      nodes.push(parseNode(delimited(field, "node")));
    } else if (field.number === 5) {
      if (initializers.length >= maxInitializers)
        throw new FileFormatError(`graph: more than ${maxInitializers} initializers`);
      initializers.push(parseTensor(delimited(field, "initializer")));
    } else if (field.number === 11) inputs.push(parseValue(delimited(field, "input")));
    else if (field.number === 12) outputs.push(parseValue(delimited(field, "output")));
    else if (field.number === 13) values.push(parseValue(delimited(field, "value_info")));
    else if (field.number === 15) throw new FileFormatError("graph: sparse initializers are not supported");
  }
  const constants = new Set(initializers.map((t) => t.name));
  return { nodes, initializers, inputs: inputs.filter((v) => !constants.has(v.name)), outputs, values };
}

function delimited(field: Field, label: string): Uint8Array {
  if (field.wire !== 2)
    throw new FileFormatError(`${label}: expected a message, found wire type ${field.wire}; the file is damaged`);
  return field.bytes;
}

function parseNode(bytes: Uint8Array): OnnxNode {
  const [inputs, outputs]: [string[], string[]] = [[], []];
  const attributes = new Map<string, OnnxAttribute>();
  let [name, op, domain] = ["", "", ""];
  for (const field of fields(bytes, "node")) {
    if (field.number === 1) inputs.push(textOf(delimited(field, "node input"), "node input"));
    else if (field.number === 2) outputs.push(textOf(delimited(field, "node output"), "node output"));
    else if (field.number === 3) name = textOf(delimited(field, "node name"), "node name");
    else if (field.number === 4) op = textOf(delimited(field, "node op"), "node op");
    else if (field.number === 5) attributes.set(...parseAttribute(delimited(field, "attribute")));
    else if (field.number === 7) domain = textOf(delimited(field, "node domain"), "node domain");
  }
  return {
    name: name || `${op}:${outputs[0] ?? ""}`,
    op,
    domain: domain === "ai.onnx" ? "" : domain,
    inputs,
    outputs,
    attributes,
  };
}

function parseAttribute(bytes: Uint8Array): [string, OnnxAttribute] {
  let name = "";
  let type = 0;
  const [ints, floats]: [number[], number[]] = [[], []];
  let single: OnnxAttribute = { kind: "other" };
  for (const field of fields(bytes, "attribute")) {
    const label = `attribute ${name}`;
    if (field.number === 1) name = textOf(delimited(field, label), "attribute name");
    else if (field.number === 2 && field.wire === 5) single = { kind: "float", value: floatAt(field.bytes, 0) };
    else if (field.number === 3) single = { kind: "int", value: clampInteger(field.value) };
    else if (field.number === 4) single = { kind: "string", value: textOf(delimited(field, label), label) };
    else if (field.number === 5) single = { kind: "tensor", value: parseTensor(delimited(field, label)) };
    else if (field.number === 7)
      for (let i = 0; i + 4 <= field.bytes.length; i += 4) floats.push(floatAt(field.bytes, i));
    else if (field.number === 8) ints.push(...integersOf(field, label).map(clampInteger));
    else if (field.number === 20) type = safeInteger(field.value, label);
  }
  if (type === 6) return [name, { kind: "floats", value: floats }];
  if (type === 7) return [name, { kind: "ints", value: ints }];
  if (type === 1 && single.kind === "other") return [name, { kind: "float", value: 0 }]; // proto3 leaves zeros out
  if (type === 2 && single.kind === "other") return [name, { kind: "int", value: 0 }];
  return [name, single];
}

/** INT64_MAX stands for "to the end" in exported slices: clamp instead of failing. */
const clampInteger = (value: bigint): number =>
  Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(value)));
const floatAt = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat32(at, true);

function parseValue(bytes: Uint8Array): OnnxValue {
  let name = "";
  let dtype: DType | undefined;
  let shape: (number | string | null)[] | undefined;
  for (const field of fields(bytes, "value_info")) {
    if (field.number === 1) name = textOf(delimited(field, "value name"), "value name");
    if (field.number !== 2) continue;
    for (const type of fields(delimited(field, `type of ${name}`), "type")) {
      if (type.number !== 1) continue;
      for (const part of fields(delimited(type, `type of ${name}`), "tensor type")) {
        if (part.number === 1) dtype = DTYPES.get(safeInteger(part.value, `dtype of ${name}`));
        if (part.number !== 2) continue;
        shape = [...fields(delimited(part, `shape of ${name}`), "shape")].map((d) =>
          parseDimension(delimited(d, `shape of ${name}`), name),
        );
        if (shape.length > MAX_RANK)
          throw new FileFormatError(`${name}: rank ${shape.length} is more than ${MAX_RANK}`);
      }
    }
  }
  return { name, dtype, shape };
}

function parseDimension(bytes: Uint8Array, name: string): number | string | null {
  for (const field of fields(bytes, `dimension of ${name}`)) {
    if (field.number === 1) return safeInteger(field.value, `dimension of ${name}`);
    if (field.number === 2) return textOf(delimited(field, name), `dimension of ${name}`);
  }
  return null;
}

function parseTensor(bytes: Uint8Array): OnnxTensor {
  const shape: number[] = [];
  const [floats, doubles, ints]: [number[], number[], bigint[]] = [[], [], []];
  const external = new Map<string, string>();
  let [name, type] = ["", 0];
  let raw: Uint8Array | undefined;
  for (const field of fields(bytes, "tensor")) {
    const label = `tensor ${name}`;
    if (field.number === 1) shape.push(...integersOf(field, label).map((d) => safeInteger(d, `${label} dimension`)));
    else if (field.number === 2) type = safeInteger(field.value, label);
    else if (field.number === 4)
      for (let i = 0; i + 4 <= field.bytes.length; i += 4) floats.push(floatAt(field.bytes, i));
    else if (field.number === 5 || field.number === 7) for (const x of integersOf(field, label)) ints.push(x);
    else if (field.number === 8) name = textOf(delimited(field, label), "tensor name");
    else if (field.number === 9) raw = delimited(field, label);
    else if (field.number === 10)
      for (
        const view = new DataView(field.bytes.buffer, field.bytes.byteOffset);
        doubles.length * 8 + 8 <= field.bytes.length;
      )
        doubles.push(view.getFloat64(doubles.length * 8, true));
    else if (field.number === 13) external.set(...parseEntry(delimited(field, label)));
  }
  const dtype = DTYPES.get(type);
  if (!dtype || dtype === "string") throw new FileFormatError(`tensor ${name}: element type ${type} is not supported`);
  if (shape.length > MAX_RANK || shape.some((d) => d < 0) || !Number.isSafeInteger(sizeOf(shape))) {
    throw new FileFormatError(`tensor ${name}: bad shape [${shape}]`);
  }
  const expected = sizeOf(shape) * BYTES_PER_ELEMENT[dtype];
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
    if (field.number === 1) key = textOf(field.bytes, "external data key");
    if (field.number === 2) value = textOf(field.bytes, "external data value");
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
  if (bytes.length % size !== 0)
    throw new FileFormatError(`${bytes.length} bytes are no whole number of ${dtype} elements`);
  const { buffer, byteOffset } =
    bytes.byteOffset % size === 0 && bytes.buffer instanceof ArrayBuffer ? bytes : bytes.slice();
  const count = bytes.length / Math.max(1, size); // 4-bit elements stay packed, two a byte
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
  return new Storage(buffer as ArrayBuffer, byteOffset, count);
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
