import { ShapeError } from "../errors.js";
import type { Value } from "../graph.js";
import { broadcastShape, dim, type Shape, sameShape, sizeOf } from "../tensor.js";

/** A non-negative axis from one that may count from the end. @throws ShapeError when out of range. */
export function axisOf(axis: number, rank: number, op: string): number {
  const found = axis < 0 ? axis + rank : axis;
  if (!(found >= 0 && found < rank)) throw new ShapeError(`${op}: axis ${axis} is out of range for rank ${rank}`);
  return found;
}

const withDim = (shape: Shape, axis: number, size: number): number[] => shape.map((d, i) => (i === axis ? size : d));

/** Same elements, other dimensions. @throws ShapeError when the sizes differ. */
export function reshape(x: Value, shape: Shape): Value {
  if (sizeOf(x.shape) !== sizeOf(shape))
    throw new ShapeError(`Reshape: [${x.shape}] has ${sizeOf(x.shape)} elements, [${shape}] has ${sizeOf(shape)}`);
  if (sameShape(x.shape, shape)) return x;
  const source = x.producer?.op === "Reshape" && !x.sealed ? (x.producer.inputs[0] as Value) : x;
  if (sameShape(source.shape, shape)) return source;
  return x.graph.op("Reshape", [source, x.graph.int64(shape)], { dtype: x.dtype, shape });
}

/** Axis i of the result is axis `permutation[i]` of x. */
export function transpose(x: Value, permutation: readonly number[]): Value {
  const axes = new Set(permutation);
  if (permutation.length !== x.shape.length || x.shape.some((_, i) => !axes.has(i))) {
    throw new ShapeError(`Transpose: [${permutation}] is not a permutation of the axes of [${x.shape}]`);
  }
  if (permutation.every((p, i) => p === i)) return x;
  return x.graph.op(
    "Transpose",
    [x],
    { dtype: x.dtype, shape: permutation.map((p) => dim(x.shape, p)) },
    { perm: permutation },
  );
}

/** Repeats axes of size 1 (or missing leading ones) up to `shape`. */
export const expand = (x: Value, shape: Shape): Value =>
  sameShape(x.shape, shape)
    ? x
    : x.graph.op("Expand", [x, x.graph.int64(shape)], {
        dtype: x.dtype,
        shape: broadcastShape(x.shape, shape, "Expand"),
      });

/** Joins values along an axis. */
export function concat(values: readonly Value[], axis: number): Value {
  const [first] = values;
  if (!first) throw new ShapeError("Concat: expected at least one value");
  if (values.length === 1) return first;
  const at = axisOf(axis, first.shape.length, "Concat");
  for (const v of values) {
    if (
      v.dtype !== first.dtype ||
      v.shape.length !== first.shape.length ||
      v.shape.some((d, i) => i !== at && d !== first.shape[i])
    ) {
      throw new ShapeError(`Concat on axis ${at}: ${v.dtype}[${v.shape}] does not fit ${first.dtype}[${first.shape}]`);
    }
  }
  const total = values.reduce((sum, v) => sum + dim(v.shape, at), 0);
  return first.graph.op("Concat", values, { dtype: first.dtype, shape: withDim(first.shape, at, total) }, { axis: at });
}

/** Cuts an axis into parts of the given sizes. */
export function split(x: Value, sizes: readonly number[], axis: number): Value[] {
  const at = axisOf(axis, x.shape.length, "Split");
  const total = sizes.reduce((a, b) => a + b, 0);
  if (total !== x.shape[at])
    throw new ShapeError(`Split: sizes [${sizes}] sum to ${total}, axis ${at} of [${x.shape}] has ${x.shape[at]}`);
  if (sizes.length === 1) return [x];
  return x.graph.node(
    "Split",
    [x, x.graph.int64(sizes)],
    sizes.map((s) => ({ dtype: x.dtype, shape: withDim(x.shape, at, s) })),
    { axis: at },
  );
}

/** Elements [start, end) of an axis. */
export function slice(x: Value, axis: number, start: number, end: number): Value {
  const at = axisOf(axis, x.shape.length, "Slice");
  const length = dim(x.shape, at);
  if (!(start >= 0 && start <= end && end <= length))
    throw new ShapeError(`Slice: [${start}, ${end}) is outside axis ${at} of [${x.shape}]`);
  if (start === 0 && end === length) return x;
  const g = x.graph;
  const shape = withDim(x.shape, at, end - start);
  return g.op(
    "Slice",
    [x, g.int64([start]), g.int64([end]), g.int64([at])],
    { dtype: x.dtype, shape },
    { _axis: at, _start: start, _end: end },
  );
}

/** Adds `before` and `after` zeros along one axis. */
export function pad(x: Value, axis: number, before: number, after: number): Value {
  if (before === 0 && after === 0) return x;
  const rank = x.shape.length;
  const at = axisOf(axis, rank, "Pad");
  const pads = new Array<number>(2 * rank).fill(0);
  pads[at] = before;
  pads[rank + at] = after;
  const shape = withDim(x.shape, at, dim(x.shape, at) + before + after);
  return x.graph.op(
    "Pad",
    [x, x.graph.int64(pads), x.graph.scalar(0, x.dtype)],
    { dtype: x.dtype, shape },
    { _axis: at, _before: before },
  );
}
