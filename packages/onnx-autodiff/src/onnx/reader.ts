import { FileFormatError } from "../errors.js";
import type { DType } from "../tensor.js";
import {
  delimited,
  type Field,
  fields,
  floatsOf,
  integersOf,
  MAX_RANK,
  numberOf,
  textOf,
  varint,
} from "./protobuf-reader.js";
import { DTYPES, type OnnxTensor, parseTensor } from "./tensor-reader.js";

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
      if (f.number === 1) domain = textOf(delimited(f, "opset domain"), "opset domain");
      if (f.number === 2) version = numberOf(f, "opset version");
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
    else if (field.number === 2) single = { kind: "float", value: singleFloat(field, label) };
    else if (field.number === 3) single = { kind: "int", value: clampInteger(varint(field, label)) };
    else if (field.number === 4) single = { kind: "string", value: textOf(delimited(field, label), label) };
    else if (field.number === 5) single = { kind: "tensor", value: parseTensor(delimited(field, label)) };
    else if (field.number === 7) for (const x of floatsOf(field, label)) floats.push(x);
    else if (field.number === 8) for (const x of integersOf(field, label)) ints.push(clampInteger(x));
    else if (field.number === 20) type = numberOf(field, label);
  }
  // Files of IR version 1 state no type; later ones leave zeros and empty lists out.
  if (type === 6 || (type === 0 && floats.length > 0)) return [name, { kind: "floats", value: floats }];
  if (type === 7 || (type === 0 && ints.length > 0)) return [name, { kind: "ints", value: ints }];
  if (single.kind === "other" && type === 1) return [name, { kind: "float", value: 0 }];
  if (single.kind === "other" && type === 2) return [name, { kind: "int", value: 0 }];
  if (single.kind === "other" && type === 3) return [name, { kind: "string", value: "" }];
  return [name, single];
}

function singleFloat(field: Field, label: string): number {
  const [value, ...rest] = floatsOf(field, label);
  if (value === undefined || rest.length > 0) throw new FileFormatError(`${label}: expected one number`);
  return value;
}

/** INT64_MAX stands for "to the end" in exported slices: clamp instead of failing. */
const clampInteger = (value: bigint): number =>
  Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(value)));

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
        if (part.number === 1) dtype = DTYPES.get(numberOf(part, `dtype of ${name}`));
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
    if (field.number === 1) return numberOf(field, `dimension of ${name}`);
    if (field.number === 2) return textOf(delimited(field, name), `dimension of ${name}`);
  }
  return null;
}
