import type { Value } from "../../graph.js";
import * as e from "../../ops/elementwise.js";
import { broadcastShape, type DType, ONNX_TYPE } from "../../tensor.js";
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
const binary =
  (f: (a: Value, b: Value) => Value): Importer =>
  (node, inputs) => [f(required(node, inputs, 0), required(node, inputs, 1))];
const variadic =
  (f: (a: Value, b: Value) => Value): Importer =>
  (node, inputs) => [inputs.map((_, i) => required(node, inputs, i)).reduce(f)];
const logical: Importer = (node, inputs) => {
  const operands = inputs.map((_, i) => required(node, inputs, i));
  const shape = operands.map((v) => v.shape as number[]).reduce((a, b) => broadcastShape(a, b, node.op));
  return [required(node, inputs, 0).graph.op(node.op, operands, { dtype: "bool", shape })];
};
const scalarOf = (v: Value | undefined, context: ImportContext): number | Value | undefined =>
  v ? (context.known.get(v)?.[0] ?? v) : undefined;

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
  Dropout: unary((x) => x), // as at inference: no randomness inside graphs
  Where: (node, inputs) => [e.where(required(node, inputs, 0), required(node, inputs, 1), required(node, inputs, 2))],
  Cast: (node, inputs) => {
    const code = intAttribute(node, "to", 0);
    const dtype = (Object.entries(ONNX_TYPE) as [DType, number][]).find(([, c]) => c === code)?.[0];
    if (!dtype) throw nodeError(node, `element type ${code} is not supported`);
    return [e.cast(required(node, inputs, 0), dtype)];
  },
  Clip: (node, inputs, context) => {
    const [low, high] = [scalarOf(inputs[1], context), scalarOf(inputs[2], context)];
    let x = required(node, inputs, 0);
    if (low !== undefined) x = e.max(x, low);
    if (high !== undefined) x = e.min(x, high);
    return [x];
  },
  LeakyRelu: (node, inputs) => {
    const x = required(node, inputs, 0);
    return [e.where(e.greater(x, 0), x, e.mul(x, floatAttribute(node, "alpha", 0.01)))];
  },
  Gelu: (node, inputs) => [
    (stringAttribute(node, "approximate", "none") === "tanh" ? e.geluTanh : e.geluErf)(required(node, inputs, 0)),
  ],
  QuickGelu: (node, inputs) => {
    const alpha = floatAttribute(node, "alpha", 1.702);
    const x = required(node, inputs, 0);
    return [alpha === 1 ? e.silu(x) : e.mul(x, e.sigmoid(e.mul(x, alpha)))];
  },
};
