import { DTypeError, ShapeError } from "../errors.js";
import type { Value } from "../graph.js";
import { dim, type Shape, sameShape, sizeOf } from "../tensor.js";
import { add, cast, equal, less, where } from "./elementwise.js";
import { frozenRows } from "./frozen-weight.js";
import { expand, reshape } from "./layout.js";
import { matmul } from "./matmul.js";

/** Tables up to this many rows get their gradient from a one-hot product instead of a sequential scatter. */
const ONE_HOT_ROWS = 64;

function integer(op: string, ids: Value): void {
  if (ids.dtype !== "int32" && ids.dtype !== "int64")
    throw new DTypeError(`${op}: indices must be int32 or int64, found ${ids.dtype}`);
}

/** Rows of a table: table [V, ...], ids [...] -> [...ids, ...]. Repeated ids add up in the gradient. */
export function gather(table: Value, ids: Value): Value {
  integer("Gather", ids);
  const shape = [...ids.shape, ...table.shape.slice(1)];
  const frozen = frozenRows(table, ids);
  if (frozen) return reshape(frozen, shape);
  return table.graph.op("Gather", [table, ids], { dtype: table.dtype, shape }, { axis: 0 });
}

/** Indices that may count from the end (ONNX allows it for every look-up), counted from the start. */
const fromStart = (ids: Value, length: number): Value => where(less(ids, 0), add(ids, length), ids);

/** One element of each row: x [..., n], index [...] (or [..., 1]) -> [..., 1]. */
export function pickLast(x: Value, index: Value): Value {
  integer("GatherElements", index);
  const shape = [...x.shape.slice(0, -1), 1];
  const at = cast(reshape(index, shape), "int64"); // the kernel takes int64 only
  return x.graph.op("GatherElements", [x, at], { dtype: x.dtype, shape }, { axis: x.shape.length - 1 });
}

/** x with `updates` added at `index` along the last axis; index and updates share a shape. Sequential, so duplicates are safe. */
export function scatterAddLast(x: Value, index: Value, updates: Value): Value {
  if (!sameShape(index.shape, updates.shape))
    throw new ShapeError(`ScatterElements: index [${index.shape}] and updates [${updates.shape}] differ`);
  const attributes = { axis: x.shape.length - 1, reduction: "add" };
  return x.graph.op(
    "ScatterElements",
    [x, cast(fromStart(index, dim(x.shape, -1)), "int64"), updates],
    { dtype: x.dtype, shape: x.shape },
    attributes,
  );
}

/**
 * zeros(shape) with rows[i] added at ids[i]; shape [V, ...]. Never ScatterND(add): onnxruntime's CPU kernel splits the
 * updates over threads without synchronisation, so duplicate ids lose updates.
 */
export function scatterAddRows(shape: Shape, ids: Value, rows: Value): Value {
  const g = rows.graph;
  const count = sizeOf(ids.shape);
  const vocabulary = dim(shape, 0);
  const width = sizeOf(shape.slice(1));
  const flat = reshape(rows, [count, width]);
  const at = reshape(fromStart(ids, vocabulary), [count, 1]);
  if (vocabulary <= ONE_HOT_ROWS) {
    const range = g.initializer(
      undefined,
      "int32",
      [vocabulary],
      Int32Array.from({ length: vocabulary }, (_, i) => i),
    );
    const oneHot = cast(equal(cast(at, "int32"), range), rows.dtype);
    return reshape(matmul(oneHot, flat, { transposeA: true }), shape);
  }
  const zeros = expand(g.scalar(0, rows.dtype), [vocabulary, width]);
  const index = expand(cast(at, "int64"), [count, width]);
  const spec = { dtype: rows.dtype, shape: [vocabulary, width] };
  return reshape(g.op("ScatterElements", [zeros, index, flat], spec, { axis: 0, reduction: "add" }), shape);
}
