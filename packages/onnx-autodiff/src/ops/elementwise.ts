import { DTypeError } from "../errors.js";
import type { Value } from "../graph.js";
import { broadcastShape, type DType, ONNX_TYPE } from "../tensor.js";

/** A value, or a number that becomes a scalar constant of the other operand's type. */
export type Operand = Value | number;

/** Turns a number into a scalar constant of `like`'s type. */
export const lift = (x: Operand, like: Value): Value => (typeof x === "number" ? like.graph.scalar(x, like.dtype) : x);

function pair(op: string, a: Operand, b: Operand): [Value, Value] {
  const like = (typeof a === "number" ? b : a) as Value;
  const [x, y] = [lift(a, like), lift(b, like)];
  if (x.dtype !== y.dtype)
    throw new DTypeError(`${op}: operands must have one dtype, found ${x.dtype} and ${y.dtype}; use cast`);
  return [x, y];
}

function binary(op: string) {
  return (a: Operand, b: Operand): Value => {
    const [x, y] = pair(op, a, b);
    return x.graph.op(op, [x, y], { dtype: x.dtype, shape: broadcastShape(x.shape, y.shape, op) });
  };
}

function comparison(op: string) {
  return (a: Operand, b: Operand): Value => {
    const [x, y] = pair(op, a, b);
    return x.graph.op(op, [x, y], { dtype: "bool", shape: broadcastShape(x.shape, y.shape, op) });
  };
}

function unary(op: string) {
  return (x: Value): Value => x.graph.op(op, [x], { dtype: x.dtype, shape: x.shape });
}

/** a + b, broadcasting. */
export const add = binary("Add");
/** a - b, broadcasting. */
export const sub = binary("Sub");
/** a * b, broadcasting. */
export const mul = binary("Mul");
/** a / b, broadcasting. */
export const div = binary("Div");
/** a ** b, broadcasting; the gradient for b needs a > 0. */
export const pow = binary("Pow");
/** Smaller of a and b; at ties the gradient goes to b. */
export const min = binary("Min");
/** Larger of a and b; at ties the gradient goes to b. */
export const max = binary("Max");
/** a == b, as bool. */
export const equal = comparison("Equal");
/** a < b, as bool. */
export const less = comparison("Less");
/** a > b, as bool. */
export const greater = comparison("Greater");

/** -x. */
export const neg = unary("Neg");
/** e^x. */
export const exp = unary("Exp");
/** Natural logarithm. */
export const log = unary("Log");
/** Square root. */
export const sqrt = unary("Sqrt");
/** 1 / x. */
export const reciprocal = unary("Reciprocal");
/** Sine. */
export const sin = unary("Sin");
/** Cosine. */
export const cos = unary("Cos");
/** Hyperbolic tangent. */
export const tanh = unary("Tanh");
/** Gauss error function. No float64 kernel exists in onnxruntime: the portable target expands it. */
export const erf = unary("Erf");
/** 1 / (1 + e^-x). */
export const sigmoid = unary("Sigmoid");
/** log(1 + e^x). */
export const softplus = unary("Softplus");
/** max(x, 0). */
export const relu = unary("Relu");
/** |x|; gradient 0 at 0. */
export const abs = unary("Abs");
/** -1, 0 or 1; gradient 0. */
export const sign = unary("Sign");
/** x sigmoid(x), one kernel on onnxruntime. */
export const silu = unary("Silu");
/** GELU, tanh approximation (`gelu_pytorch_tanh`). */
export const geluTanh = unary("GeluTanh");
/** GELU, exact: x/2 (1 + erf(x / sqrt 2)). */
export const geluErf = unary("GeluErf");
/** x itself, as a separate value. */
export const identity = unary("Identity");
/** x, with gradient 0: cuts a branch off the backward pass. */
export const stopGradient = unary("StopGradient");

/** Converts to another dtype; integer and bool targets carry no gradient. */
export const cast = (x: Value, to: DType): Value =>
  x.dtype === to ? x : x.graph.op("Cast", [x], { dtype: to, shape: x.shape }, { to: ONNX_TYPE[to] });

/** condition ? a : b, broadcasting; at least one of a and b is a value. */
export function where(condition: Value, a: Operand, b: Operand): Value {
  if (condition.dtype !== "bool") throw new DTypeError(`Where: the condition must be bool, found ${condition.dtype}`);
  const [x, y] = pair("Where", a, b);
  const shape = broadcastShape(condition.shape, broadcastShape(x.shape, y.shape, "Where"), "Where");
  return x.graph.op("Where", [condition, x, y], { dtype: x.dtype, shape });
}

/** Sum of several values of one shape; the accumulation of gradients at a fan-out. */
export const addN = (values: readonly Value[]): Value => values.reduce((a, b) => add(a, b));

/** Constants of the tanh GELU: u(x) = c (x + a x^3). */
export const GELU_TANH = { c: Math.sqrt(2 / Math.PI), a: 0.044715 };
