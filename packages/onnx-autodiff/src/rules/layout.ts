import type { Value } from "../graph.js";
import { concat, expand, pad, reshape, slice, split, transpose } from "../ops/layout.js";
import { dim } from "../tensor.js";
import { intOf, operand, type Rules, unbroadcast } from "./rule.js";

/** Gradient rules of the ops that only move elements. */
export const layoutRules: Rules = {
  Reshape: (n, dy) => [reshape(dy, operand(n, 0).shape)],
  Transpose: (n, dy) => {
    const permutation = n.attributes.perm as readonly number[];
    return [
      transpose(
        dy,
        permutation.map((_, i) => permutation.indexOf(i)),
      ),
    ];
  },
  Expand: (n, dy) => [unbroadcast(dy, operand(n, 0).shape)],
  Concat: (n, dy) => {
    const axis = intOf(n, "axis");
    return split(
      dy,
      n.inputs.map((x) => dim((x as Value).shape, axis)),
      axis,
    );
  },
  Split: (n, _dy, _need, dys) => [
    concat(
      n.outputs.map((y, i) => dys[i] ?? expand(y.graph.scalar(0, y.dtype), y.shape)),
      intOf(n, "axis"),
    ),
  ],
  Slice: (n, dy) => {
    const axis = intOf(n, "_axis");
    return [pad(dy, axis, intOf(n, "_start"), dim(operand(n, 0).shape, axis) - intOf(n, "_end"))];
  },
  Pad: (n, dy) => {
    const axis = intOf(n, "_axis");
    const before = intOf(n, "_before");
    return [slice(dy, axis, before, before + dim(operand(n, 0).shape, axis))];
  },
};
