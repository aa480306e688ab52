import type { Value } from "../graph.js";
import { axisOf } from "./layout.js";

function reduction(op: string) {
  return (x: Value, axes: readonly number[], keepDims = true): Value => {
    if (axes.length === 0) return x;
    const at = axes.map((axis) => axisOf(axis, x.shape.length, op));
    const shape = keepDims
      ? x.shape.map((d, i) => (at.includes(i) ? 1 : d))
      : x.shape.filter((_, i) => !at.includes(i));
    return x.graph.op(op, [x, x.graph.int64(at)], { dtype: x.dtype, shape }, { keepdims: keepDims ? 1 : 0, _axes: at });
  };
}

/** Sum over axes. */
export const reduceSum = reduction("ReduceSum");
/** Mean over axes. */
export const reduceMean = reduction("ReduceMean");
/** Maximum over axes; ties share the gradient evenly. */
export const reduceMax = reduction("ReduceMax");
/** Sum of every element, a scalar. */
export const sumAll = (x: Value): Value =>
  x.shape.length === 0
    ? x
    : reduceSum(
        x,
        x.shape.map((_, i) => i),
        false,
      );
/** Mean over one axis, which keeps size 1. */
export const mean = (x: Value, axis: number): Value => reduceMean(x, [axis]);

const along =
  (op: string) =>
  (x: Value, axis = -1): Value =>
    x.graph.op(op, [x], { dtype: x.dtype, shape: x.shape }, { axis: axisOf(axis, x.shape.length, op) });
/** Softmax along an axis (default the last). */
export const softmax = along("Softmax");
/** Log-softmax along an axis (default the last). */
export const logSoftmax = along("LogSoftmax");
