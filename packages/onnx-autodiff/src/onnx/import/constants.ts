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
};

/** Integer arithmetic on known shapes, folded so that reshapes stay static; undefined when nothing folds. */
export function fold(
  node: OnnxNode,
  inputs: readonly (Value | undefined)[],
  context: ImportContext,
): Value | undefined {
  const [a, b] = inputs;
  if (!a) return undefined;
  const x = context.known.get(a);
  if (!x) return undefined;
  if (node.op === "Cast" && INTEGER.has(a.dtype)) {
    const to = intAttribute(node, "to", 0);
    if (to === 7 || to === 6) return constant(context, to === 7 ? "int64" : "int32", a.shape, x);
    if (to === 1) return constant(context, "float32", a.shape, x);
  }
  const y = b && context.known.get(b);
  const f = arithmetic[node.op];
  if (!f || !y || !INTEGER.has(a.dtype) || (x.length !== y.length && x.length !== 1 && y.length !== 1))
    return undefined;
  const values = Array.from({ length: Math.max(x.length, y.length) }, (_, i) =>
    f(x[x.length === 1 ? 0 : i] as number, y[y.length === 1 ? 0 : i] as number),
  );
  return constant(context, a.dtype, broadcastShape(a.shape, b.shape, node.op), values);
}
