import { scatterAddLast, scatterAddRows } from "../ops/indexing.js";
import { axisOf, expand, transpose } from "../ops/layout.js";
import { dim } from "../tensor.js";
import { intOf, operand, type Rules } from "./rule.js";

/** Gradient rules of look-ups. */
export const indexingRules: Rules = {
  Gather: (n, dy) => [scatterAddRows(operand(n, 0).shape, operand(n, 1), dy)],
  GatherElements: (n, dy) => {
    const x = operand(n, 0);
    const axis = axisOf(intOf(n, "axis"), x.shape.length, "GatherElements");
    const last = x.shape.length - 1;
    const swap = x.shape.map((_, i) => (i === axis ? last : i === last ? axis : i));
    const zeros = expand(
      dy.graph.scalar(0, dy.dtype),
      swap.map((i) => dim(x.shape, i)),
    );
    return [transpose(scatterAddLast(zeros, transpose(operand(n, 1), swap), transpose(dy, swap)), swap)];
  },
};
