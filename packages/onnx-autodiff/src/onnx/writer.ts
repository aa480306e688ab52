import type { Attribute, Attributes, Initializer } from "../graph.js";
import { type DType, ONNX_TYPE, type Shape, type TypedData } from "../tensor.js";

/** A node of a model file. */
export interface NodeDefinition {
  readonly op: string;
  /** Operator set domain; "" is ai.onnx. */
  readonly domain: string;
  /** Input names; "" is an omitted optional one. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Attributes; names that start with `_` are skipped. */
  readonly attributes: Attributes;
}
/** A named, typed tensor of a model file. */
export interface ValueDefinition {
  readonly name: string;
  readonly dtype: DType;
  /** Dimensions; undefined leaves them to the runtime. */
  readonly shape: Shape | undefined;
  /** Axis -> symbol of dynamic dimensions. */
  readonly symbols?: Readonly<Record<number, string>> | undefined;
}
/** A model file. */
export interface ModelDefinition {
  /** Version of the ai.onnx operator set. */
  readonly opset: number;
  /** Nodes in topological order. */
  readonly nodes: readonly NodeDefinition[];
  readonly inputs: readonly ValueDefinition[];
  readonly outputs: readonly ValueDefinition[];
  /** Constants. */
  readonly initializers: readonly (ValueDefinition & { readonly init: Initializer })[];
}

const encoder = new TextEncoder();

/** A protobuf message under construction. Large payloads are kept by reference until `finish`. */
class Message {
  readonly chunks: Uint8Array[] = [];
  length = 0;

  int(field: number, value: number): this {
    return this.#varint(field << 3).#varint(value);
  }
  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.#varint((field << 3) | 5).#push(bytes);
  }
  bytes(field: number, bytes: Uint8Array): this {
    return this.#varint((field << 3) | 2)
      .#varint(bytes.length)
      .#push(bytes);
  }
  string(field: number, text: string): this {
    return this.bytes(field, encoder.encode(text));
  }
  message(field: number, message: Message): this {
    this.#varint((field << 3) | 2).#varint(message.length);
    for (const chunk of message.chunks) this.#push(chunk);
    return this;
  }
  finish(): Uint8Array {
    const bytes = new Uint8Array(this.length);
    let offset = 0;
    for (const chunk of this.chunks) {
      bytes.set(chunk, offset);
      offset += chunk.length;
    }
    return bytes;
  }
  #push(bytes: Uint8Array): this {
    this.chunks.push(bytes);
    this.length += bytes.length;
    return this;
  }
  #varint(value: number): this {
    const out: number[] = [];
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest >= 0x80n) {
      out.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    out.push(Number(rest));
    return this.#push(Uint8Array.from(out));
  }
}

// Field numbers are those of onnx.proto3 (ONNX IR version 10).

function attributeMessage(name: string, value: Attribute): Message {
  const message = new Message().string(1, name);
  if (typeof value === "number") return message.int(3, value).int(20, 2);
  if (typeof value === "string") return message.string(4, value).int(20, 3);
  if ("float" in value) return message.float(2, value.float).int(20, 1);
  for (const x of value) message.int(8, x);
  return message.int(20, 7);
}

function nodeMessage(node: NodeDefinition): Message {
  const message = new Message();
  for (const name of node.inputs) message.string(1, name);
  for (const name of node.outputs) message.string(2, name);
  message.string(3, `${node.op}:${node.outputs[0]}`).string(4, node.op);
  for (const [name, value] of Object.entries(node.attributes)) {
    if (!name.startsWith("_")) message.message(5, attributeMessage(name, value));
  }
  return node.domain ? message.string(7, node.domain) : message;
}

function valueMessage(value: ValueDefinition): Message {
  const tensorType = new Message().int(1, ONNX_TYPE[value.dtype]);
  const shape = new Message();
  value.shape?.forEach((d, axis) => {
    const symbol = value.symbols?.[axis];
    shape.message(1, symbol === undefined ? new Message().int(1, d) : new Message().string(2, symbol));
  });
  if (value.shape) tensorType.message(2, shape);
  return new Message().string(1, value.name).message(2, new Message().message(1, tensorType));
}

const bytesOf = (data: TypedData): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

function initializerMessage(value: ValueDefinition & { readonly init: Initializer }): Message {
  const message = new Message();
  for (const d of value.shape ?? []) message.int(1, d);
  message.int(2, ONNX_TYPE[value.dtype]).string(8, value.name);
  if (value.init.kind === "inline") return message.bytes(9, bytesOf(value.init.data));
  const entry = (key: string, text: string): Message => new Message().string(1, key).string(2, text);
  const { location, offset, length } = value.init;
  return message
    .message(13, entry("location", location))
    .message(13, entry("offset", String(offset)))
    .message(13, entry("length", String(length)))
    .int(14, 1);
}

/** Writes ONNX ModelProto bytes (IR version 10). The subset a static graph needs does not call for a protobuf library. */
export function encodeModel(model: ModelDefinition): Uint8Array {
  const graph = new Message();
  for (const node of model.nodes) graph.message(1, nodeMessage(node));
  graph.string(2, "graph");
  for (const tensor of model.initializers) graph.message(5, initializerMessage(tensor));
  for (const value of model.inputs) graph.message(11, valueMessage(value));
  for (const value of model.outputs) graph.message(12, valueMessage(value));
  const opset = (domain: string, version: number): Message => new Message().string(1, domain).int(2, version);
  const message = new Message().int(1, 10).string(2, "videosafety-onnx-autodiff").message(7, graph);
  return message.message(8, opset("", model.opset)).message(8, opset("com.microsoft", 1)).finish();
}
