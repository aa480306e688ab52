import type { Value } from "../../graph.js";
import { broadcastShape, type DType, ownEntry, sizeOf, toTypedData } from "../../tensor.js";
import type { OnnxNode } from "../reader.js";
import type { OnnxTensor } from "../tensor-reader.js";
import {
  constant,
  FOLDABLE,
  type ImportContext,
  type Importer,
  intAttribute,
  nodeError,
  numbers,
  required,
  spend,
} from "./context.js";

/** An initializer of the graph with the tensor's data; small ones stay known. */
export function tensorValue(context: ImportContext, tensor: OnnxTensor, name: string | undefined): Value {
  const { data, external, dtype, shape } = tensor;
  const init = data ?? { kind: "external" as const, location: "", offset: 0, length: 0, ...external };
  const value = context.graph.initializer(name, dtype, shape, init);
  if (data && sizeOf(shape) <= FOLDABLE && dtype !== "float16" && dtype !== "bfloat16")
    context.known.set(value, Array.from(data, Number));
  return value;
}

/** Importers of ops whose result is known when the shapes are. */
export const constantImporters: Readonly<Record<string, Importer>> = {
  Constant: (node, _inputs, context) => {
    for (const [name, attribute] of node.attributes) {
      if (attribute.kind === "tensor" && name === "value") return [tensorValue(context, attribute.value, undefined)];
      if (attribute.kind === "int" && name === "value_int")
        return [constant(node, context, "int64", [], [attribute.value])];
      if (attribute.kind === "ints" && name === "value_ints")
        return [constant(node, context, "int64", [attribute.value.length], attribute.value)];
      if (attribute.kind === "float" && name === "value_float")
        return [constant(node, context, "float32", [], [attribute.value])];
      if (attribute.kind === "floats" && name === "value_floats")
        return [constant(node, context, "float32", [attribute.value.length], attribute.value)];
    }
    throw nodeError(node, "found no supported value attribute");
  },
  Shape: (node, inputs, context) => {
    const { shape } = required(node, inputs, 0);
    const rank = shape.length;
    const clamp = (at: number): number => Math.max(0, Math.min(rank, at < 0 ? at + rank : at));
    const part = shape.slice(clamp(intAttribute(node, "start", 0)), clamp(intAttribute(node, "end", rank)));
    return [constant(node, context, "int64", [part.length], part)];
  },
  Size: (node, inputs, context) => [constant(node, context, "int64", [], [sizeOf(required(node, inputs, 0).shape)])],
  ConstantOfShape: (node, inputs, context) => {
    const shape = numbers(node, required(node, inputs, 0), context, "shape");
    const size = sizeOf(shape);
    if (!shape.every((d) => Number.isSafeInteger(d) && d >= 0) || !Number.isSafeInteger(size))
      throw nodeError(node, `expected a shape, found [${shape}]`);
    const value = node.attributes.get("value");
    if (value && value.kind !== "tensor")
      throw nodeError(node, `attribute value: expected tensor, found ${value.kind}`);
    const dtype = value?.value.dtype ?? "float32";
    const data = value ? value.value.data : Float32Array.of(0);
    if (data?.length !== 1 || dtype === "uint4")
      throw nodeError(node, `expected one value inside the file, found ${dtype}[${value?.value.shape}]`);
    if (size <= FOLDABLE && dtype !== "float16" && dtype !== "bfloat16")
      return [constant(node, context, dtype, shape, new Array<number>(size).fill(Number(data[0])))];
    const scalar = context.graph.initializer(undefined, dtype, [], data);
    return [context.graph.op("Expand", [scalar, context.graph.int64(shape)], { dtype, shape })];
  },
  Range: (node, inputs, context) => {
    const [start = 0, limit = 0, delta = 1] = [0, 1, 2].map(
      (i) => numbers(node, required(node, inputs, i), context, "range")[0],
    );
    const count = Math.max(0, Math.ceil((limit - start) / delta));
    if (!Number.isSafeInteger(count)) throw nodeError(node, `a range from ${start} to ${limit} by ${delta} never ends`);
    const { dtype } = required(node, inputs, 0);
    if (count <= FOLDABLE) {
      const values = Array.from({ length: count }, (_, i) => start + i * delta);
      return [constant(node, context, dtype, [count], values)];
    }
    spend(node, context, count);
    const data = toTypedData(dtype, { length: 0 });
    const filled = new (data.constructor as new (length: number) => typeof data)(count);
    for (let i = 0; i < count; i++) filled[i] = dtype === "int64" ? BigInt(start + i * delta) : start + i * delta;
    return [context.graph.initializer(undefined, dtype, [count], filled)];
  },
};

const INTEGER: ReadonlySet<DType> = new Set(["int64", "int32"]);
const arithmetic: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => Math.trunc(a / b), // a division by zero is caught below: it is no integer
  Equal: (a, b) => Number(a === b),
};

/**
 * Arithmetic on known integers (and the comparisons and choices exporters wrap it in), folded so that reshapes stay
 * static; undefined when nothing folds.
 */
export function fold(
  node: OnnxNode,
  inputs: readonly (Value | undefined)[],
  context: ImportContext,
): Value | undefined {
  if (node.domain !== "") return undefined;
  const [a, b, c] = inputs;
  const [x, y, z] = inputs.map((v) => v && context.known.get(v));
  if (!a || !x) return undefined;
  if (node.op === "Cast" && INTEGER.has(a.dtype)) {
    const to = { 1: "float32", 6: "int32", 7: "int64" }[intAttribute(node, "to", 0)] as DType | undefined;
    return to && constant(node, context, to, a.shape, x);
  }
  if (!b || !y) return undefined;
  const at = (list: readonly number[], i: number): number => list[list.length === 1 ? 0 : i] as number;
  const combine = (
    dtype: DType,
    shape: readonly number[],
    lists: readonly (readonly number[])[],
    f: (i: number) => number,
  ): Value | undefined => {
    const length = Math.max(...lists.map((l) => l.length));
    if (sizeOf(shape) !== length || lists.some((l) => l.length !== length && l.length !== 1)) return undefined;
    return constant(
      node,
      context,
      dtype,
      shape,
      Array.from({ length }, (_, i) => f(i)),
    );
  };
  if (node.op === "Where" && c && z && INTEGER.has(b.dtype)) {
    const shape = broadcastShape(a.shape, broadcastShape(b.shape, c.shape));
    return combine(b.dtype, shape, [x, y, z], (i) => (at(x, i) ? at(y, i) : at(z, i)));
  }
  const f = ownEntry(arithmetic, node.op);
  if (!f || !INTEGER.has(a.dtype)) return undefined;
  return combine(node.op === "Equal" ? "bool" : a.dtype, broadcastShape(a.shape, b.shape), [x, y], (i) =>
    f(at(x, i), at(y, i)),
  );
}
