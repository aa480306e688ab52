import type { Value } from "../../graph.js";
import * as e from "../../ops/elementwise.js";
import { axisOf, reshape } from "../../ops/layout.js";
import { broadcastShape, type DType, ONNX_TYPE } from "../../tensor.js";
import type { OnnxNode } from "../reader.js";
import {
  floatAttribute,
  type ImportContext,
  type Importer,
  intAttribute,
  nodeError,
  required,
  stringAttribute,
} from "./context.js";

const unary =
  (f: (x: Value) => Value): Importer =>
  (node, inputs) => [f(required(node, inputs, 0))];
/** Both operands; before operator set 7 the second may start at a given axis of the first. */
function pair(node: OnnxNode, inputs: readonly (Value | undefined)[]): [Value, Value] {
  const [a, b] = [required(node, inputs, 0), required(node, inputs, 1)];
  if (!node.attributes.has("axis")) return [a, b];
  const after = a.shape.length - axisOf(intAttribute(node, "axis", 0), a.shape.length, node.op) - b.shape.length;
  if (after < 0) throw nodeError(node, `attribute axis: [${b.shape}] does not fit [${a.shape}] from there on`);
  return [a, reshape(b, [...b.shape, ...new Array<number>(after).fill(1)])];
}
const binary =
  (f: (a: Value, b: Value) => Value): Importer =>
  (node, inputs) => [f(...pair(node, inputs))];
const variadic =
  (f: (a: Value, b: Value) => Value): Importer =>
  (node, inputs) => {
    const [first, ...rest] = [
      required(node, inputs, 0),
      ...inputs.slice(1).map((_, i) => required(node, inputs, i + 1)),
    ];
    return [rest.reduce(f, first)];
  };
const logical: Importer = (node, inputs) => {
  const operands = node.op === "Not" ? [required(node, inputs, 0)] : pair(node, inputs);
  const shape = operands.map((v) => v.shape).reduce((a, b) => broadcastShape(a, b, node.op));
  return [required(node, inputs, 0).graph.op(node.op, operands, { dtype: "bool", shape })];
};
const scalarOf = (v: Value | undefined, context: ImportContext): number | Value | undefined =>
  v ? (context.known.get(v)?.[0] ?? v) : undefined;

/** Element types as text, the form of Cast before operator set 6. */
const TYPE_NAMES: ReadonlyMap<string, DType> = new Map([
  ["FLOAT", "float32"],
  ["DOUBLE", "float64"],
  ["FLOAT16", "float16"],
  ["INT64", "int64"],
  ["INT32", "int32"],
  ["INT8", "int8"],
  ["UINT8", "uint8"],
  ["BOOL", "bool"],
]);

/** Importers of elementwise ops. */
export const elementwiseImporters: Readonly<Record<string, Importer>> = {
  Add: binary(e.add),
  Sub: binary(e.sub),
  Mul: binary(e.mul),
  Div: binary(e.div),
  Pow: binary((a, b) => e.pow(a, e.cast(b, a.dtype))),
  Min: variadic(e.min),
  Max: variadic(e.max),
  Sum: variadic(e.add),
  Equal: binary(e.equal),
  Less: binary(e.less),
  Greater: binary(e.greater),
  LessOrEqual: logical,
  GreaterOrEqual: logical,
  And: logical,
  Or: logical,
  Not: logical,
  Neg: unary(e.neg),
  Exp: unary(e.exp),
  Log: unary(e.log),
  Sqrt: unary(e.sqrt),
  Reciprocal: unary(e.reciprocal),
  Sin: unary(e.sin),
  Cos: unary(e.cos),
  Tanh: unary(e.tanh),
  Erf: unary(e.erf),
  Sigmoid: unary(e.sigmoid),
  Softplus: unary(e.softplus),
  Relu: unary(e.relu),
  Abs: unary(e.abs),
  Sign: unary(e.sign),
  Identity: unary((x) => x),
  Dropout: (node, inputs, context) => {
    // As at inference: there is no randomness inside graphs.
    const training = inputs[2] && context.known.get(inputs[2])?.[0] !== 0;
    if (training) throw nodeError(node, "training_mode must be a constant false; export the model for inference");
    return [required(node, inputs, 0)];
  },
  Where: (node, inputs) => [e.where(required(node, inputs, 0), required(node, inputs, 1), required(node, inputs, 2))],
  Cast: (node, inputs) => {
    const named = node.attributes.get("to")?.kind === "string"; // before operator set 6
    const code = named ? stringAttribute(node, "to", "") : intAttribute(node, "to", 0);
    const dtype = (Object.entries(ONNX_TYPE) as [DType, number][]).find(
      ([name, number]) => number === code || (named && (TYPE_NAMES.get(String(code)) ?? "") === name),
    )?.[0];
    if (!dtype) throw nodeError(node, `element type ${code} is not supported`);
    return [e.cast(required(node, inputs, 0), dtype)];
  },
  Clip: (node, inputs, context) => {
    const [low, high] = ([1, 2] as const).map((i) => {
      const name = i === 1 ? "min" : "max"; // attributes before operator set 11
      if (node.attributes.has(name)) return floatAttribute(node, name, 0);
      return scalarOf(inputs[i], context);
    });
    let x = required(node, inputs, 0);
    if (low !== undefined) x = e.max(x, low);
    if (high !== undefined) x = e.min(x, high);
    return [x];
  },
  LeakyRelu: (node, inputs) => {
    const x = required(node, inputs, 0);
    return [e.where(e.greater(x, 0), x, e.mul(x, floatAttribute(node, "alpha", 0.01)))];
  },
  Gelu: (node, inputs) => {
    const approximate = stringAttribute(node, "approximate", "none");
    if (approximate !== "none" && approximate !== "tanh")
      throw nodeError(node, `attribute approximate: expected none or tanh, found ${approximate}`);
    return [(approximate === "tanh" ? e.geluTanh : e.geluErf)(required(node, inputs, 0))];
  },
  QuickGelu: (node, inputs) => {
    const alpha = floatAttribute(node, "alpha", 1.702);
    const x = required(node, inputs, 0);
    return [alpha === 1 ? e.silu(x) : e.mul(x, e.sigmoid(e.mul(x, alpha)))];
  },
};
