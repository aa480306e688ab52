import type { Value } from "../../graph.js";
import { broadcastShape, type DType, sizeOf } from "../../tensor.js";
import type { OnnxNode, OnnxTensor } from "../reader.js";
import {
  constant,
  FOLDABLE,
  type ImportContext,
  type Importer,
  intAttribute,
  nodeError,
  numbers,
  required,
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
      if (attribute.kind === "tensor") return [tensorValue(context, attribute.value, undefined)];
      if (attribute.kind === "int" && name === "value_int") return [constant(context, "int64", [], [attribute.value])];
      if (attribute.kind === "ints") return [constant(context, "int64", [attribute.value.length], attribute.value)];
      if (attribute.kind === "float" && name === "value_float")
        return [constant(context, "float32", [], [attribute.value])];
      if (attribute.kind === "floats") return [constant(context, "float32", [attribute.value.length], attribute.value)];
    }
    throw nodeError(node, "found no supported value attribute");
  },
  Shape: (node, inputs, context) => {
    const { shape } = required(node, inputs, 0);
    const rank = shape.length;
    const clamp = (at: number): number => Math.max(0, Math.min(rank, at < 0 ? at + rank : at));
    const part = shape.slice(clamp(intAttribute(node, "start", 0)), clamp(intAttribute(node, "end", rank)));
    return [constant(context, "int64", [part.length], part)];
  },
  Size: (node, inputs, context) => [constant(context, "int64", [], [sizeOf(required(node, inputs, 0).shape)])],
  ConstantOfShape: (node, inputs, context) => {
    const shape = numbers(node, required(node, inputs, 0), context, "shape");
    const value = node.attributes.get("value");
    const tensor = value?.kind === "tensor" ? value.value : undefined;
    const scalar = context.graph.initializer(
      undefined,
      tensor?.dtype ?? "float32",
      [],
      tensor?.data ?? Float32Array.of(0),
    );
    const filled = Number(tensor?.data?.[0] ?? 0);
    if (sizeOf(shape) <= FOLDABLE)
      return [constant(context, tensor?.dtype ?? "float32", shape, new Array<number>(sizeOf(shape)).fill(filled))];
    return [context.graph.op("Expand", [scalar, context.graph.int64(shape)], { dtype: scalar.dtype, shape })];
  },
  Range: (node, inputs, context) => {
    const [start = 0, limit = 0, delta = 1] = [0, 1, 2].map(
      (i) => numbers(node, required(node, inputs, i), context, "range")[0],
    );
    const count = Math.max(0, Math.ceil((limit - start) / delta));
    if (!(count <= 1 << 24)) throw nodeError(node, `a range of ${count} elements is too long`);
    return [
      constant(
        context,
        required(node, inputs, 0).dtype,
        [count],
        Array.from({ length: count }, (_, i) => start + i * delta),
      ),
    ];
  },
};

const INTEGER: ReadonlySet<DType> = new Set(["int64", "int32"]);
const arithmetic: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => Math.trunc(a / b),
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
  const [a, b, c] = inputs;
  const [x, y, z] = inputs.map((v) => v && context.known.get(v));
  if (!a || !x) return undefined;
  if (node.op === "Cast" && INTEGER.has(a.dtype)) {
    const to = { 1: "float32", 6: "int32", 7: "int64" }[intAttribute(node, "to", 0)] as DType | undefined;
    return to && constant(context, to, a.shape, x);
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
  const f = arithmetic[node.op];
  if (!f || !INTEGER.has(a.dtype)) return undefined;
  return combine(node.op === "Equal" ? "bool" : a.dtype, broadcastShape(a.shape, b.shape), [x, y], (i) =>
    f(at(x, i), at(y, i)),
  );
}
