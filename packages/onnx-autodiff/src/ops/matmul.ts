import { DTypeError, ShapeError } from "../errors.js";
import { float, type Value } from "../graph.js";
import { broadcastShape, dim } from "../tensor.js";
import { frozenMatmul } from "./frozen-weight.js";
import type { MatmulOptions } from "./matmul-options.js";

/**
 * alpha op(a) op(b), batched over broadcast leading axes: [..., m, k] x [..., k, n] -> [..., m, n]. One strided kernel on
 * onnxruntime (no transposes are stored). A zero-length operand kills onnxruntime's process (SIGFPE), so it is refused
 * here: keep one masked dummy row instead.
 * @throws ShapeError, DTypeError
 */
export function matmul(a: Value, b: Value, options: MatmulOptions = {}): Value {
  const { transposeA = false, transposeB = false, alpha = 1 } = options;
  const text = `MatMul: [${a.shape}]${transposeA ? "^T" : ""} x [${b.shape}]${transposeB ? "^T" : ""}`;
  if (a.shape.length < 2 || b.shape.length < 2) throw new ShapeError(`${text}: both operands need rank >= 2`);
  if (a.dtype !== b.dtype)
    throw new DTypeError(`${text}: operands must have one dtype, found ${a.dtype} and ${b.dtype}`);
  const [m, k] = transposeA ? [dim(a.shape, -1), dim(a.shape, -2)] : [dim(a.shape, -2), dim(a.shape, -1)];
  const [k2, n] = transposeB ? [dim(b.shape, -1), dim(b.shape, -2)] : [dim(b.shape, -2), dim(b.shape, -1)];
  if (k !== k2) throw new ShapeError(`${text}: inner sizes ${k} and ${k2} differ`);
  if (a.shape.includes(0) || b.shape.includes(0)) {
    throw new ShapeError(`${text}: a zero-length operand crashes onnxruntime; keep one masked dummy row`);
  }
  const frozen = frozenMatmul(a, b, options);
  if (frozen) return frozen;
  const batch = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2), text);
  const attributes = { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0, alpha: float(alpha) };
  return a.graph.op("FusedMatMul", [a, b], { dtype: a.dtype, shape: [...batch, m, n] }, attributes);
}
