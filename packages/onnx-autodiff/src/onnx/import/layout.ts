import type { Value } from "../../graph.js";
import { cast, where } from "../../ops/elementwise.js";
import { gather } from "../../ops/indexing.js";
import { axisOf, concat, expand, pad, reshape, slice, split, transpose } from "../../ops/layout.js";
import { broadcastShape, dim, type Shape, sizeOf } from "../../tensor.js";
import type { OnnxNode } from "../reader.js";
import {
  constant,
  FOLDABLE,
  floatAttribute,
  type ImportContext,
  type Importer,
  intAttribute,
  intsAttribute,
  listOf,
  nodeError,
  numbers,
  required,
  spend,
  stringAttribute,
} from "./context.js";

const normal = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** Reshape's target: 0 copies the input's dimension, one -1 is what remains. */
function target(node: OnnxNode, x: Value, wanted: readonly number[]): number[] {
  const keepZero = intAttribute(node, "allowzero", 0) === 1;
  const shape = wanted.map((d, i) => (d === 0 && !keepZero ? dim(x.shape, i) : d));
  const open = shape.indexOf(-1);
  if (open >= 0) shape[open] = sizeOf(x.shape) / sizeOf(shape.filter((d) => d !== -1));
  return shape;
}

const reshaping =
  (
    shapeOf: (node: OnnxNode, x: Value, inputs: readonly (Value | undefined)[], context: ImportContext) => Shape,
  ): Importer =>
  (node, inputs, context) => {
    const x = required(node, inputs, 0);
    const shape = shapeOf(node, x, inputs, context);
    const known = context.known.get(x);
    return [known ? constant(node, context, x.dtype, shape, known) : reshape(x, shape)];
  };

const sliceImporter: Importer = (node, inputs, context) => {
  let x = required(node, inputs, 0);
  const starts = listOf(node, "starts", inputs[1], context) ?? [];
  const ends = listOf(node, "ends", inputs[2], context) ?? [];
  const axes = listOf(node, "axes", inputs[3], context) ?? starts.map((_, i) => i);
  const steps = listOf(node, "steps", inputs[4], context) ?? [];
  if (starts.length !== axes.length || ends.length !== axes.length)
    throw nodeError(
      node,
      `expected as many starts and ends as axes, found ${starts.length}, ${ends.length} and ${axes.length}`,
    );
  if (steps.some((s) => s !== 1)) throw nodeError(node, `only steps of 1 are supported, found ${steps}`);
  const known = context.known.get(x);
  axes.forEach((axis, i) => {
    const length = dim(x.shape, axis);
    const clamp = (at: number): number => Math.max(0, Math.min(length, at < 0 ? at + length : at));
    const [start, end] = [clamp(starts[i] ?? 0), clamp(ends[i] ?? length)];
    if (known && x.shape.length === 1)
      x = constant(node, context, x.dtype, [Math.max(0, end - start)], known.slice(start, end));
    else x = slice(x, axis, start, Math.max(start, end));
  });
  return [x];
};

const gatherImporter: Importer = (node, inputs, context) => {
  const [x, index] = [required(node, inputs, 0), required(node, inputs, 1)];
  const axis = axisOf(intAttribute(node, "axis", 0), x.shape.length, "Gather");
  const [known, at] = [context.known.get(x), context.known.get(index)];
  const length = dim(x.shape, axis);
  if (known && at && x.shape.length === 1)
    return [
      constant(
        node,
        context,
        x.dtype,
        index.shape,
        at.map((i) => {
          const found = known[i < 0 ? i + length : i];
          if (found === undefined) throw nodeError(node, `index ${i} is outside the ${length} elements`);
          return found;
        }),
      ),
    ];
  if (at && index.shape.length === 0) {
    const start = (at[0] ?? 0) < 0 ? (at[0] ?? 0) + length : (at[0] ?? 0);
    return [
      reshape(
        slice(x, axis, start, start + 1),
        x.shape.filter((_, i) => i !== axis),
      ),
    ];
  }
  if (axis === 0) return [gather(x, index)];
  const front = [axis, ...x.shape.map((_, i) => i).filter((i) => i !== axis)];
  const y = gather(transpose(x, front), index); // [...index, ...rest]
  const n = index.shape.length;
  const back = [...Array(axis).keys()].map((i) => n + i);
  const tail = Array.from({ length: x.shape.length - 1 - axis }, (_, i) => n + axis + i);
  return [transpose(y, [...back, ...Array(n).keys(), ...tail])];
};

const splitImporter: Importer = (node, inputs, context) => {
  const x = required(node, inputs, 0);
  const axis = intAttribute(node, "axis", 0);
  const parts = node.outputs.length;
  const chunk = Math.ceil(dim(x.shape, axis) / parts);
  const even = Array.from({ length: parts }, (_, i) => Math.min(chunk, dim(x.shape, axis) - i * chunk));
  return split(x, listOf(node, "split", inputs[1], context) ?? even, axis);
};

const padImporter: Importer = (node, inputs, context) => {
  let x = required(node, inputs, 0);
  const value = inputs[2] ? (context.known.get(inputs[2])?.[0] ?? Number.NaN) : floatAttribute(node, "value", 0);
  if (stringAttribute(node, "mode", "constant") !== "constant" || value !== 0)
    throw nodeError(node, "only padding with zeros is supported");
  const pads = listOf(node, "pads", inputs[1], context) ?? intsAttribute(node, "paddings") ?? [];
  const axes = inputs[3] ? numbers(node, inputs[3], context, "axes") : x.shape.map((_, i) => i);
  if (pads.length !== 2 * axes.length)
    throw nodeError(node, `expected two paddings for each of ${axes.length} axes, found ${pads.length}`);
  axes.forEach((axis, i) => {
    const [before = 0, after = 0] = [pads[i], pads[axes.length + i]];
    const length = dim(x.shape, axis);
    x = slice(x, axis, Math.max(0, -before), length - Math.max(0, -after)); // negative ones crop
    x = pad(x, axis, Math.max(0, before), Math.max(0, after));
  });
  return [x];
};

/** Keeps one triangle of the last two axes, by a constant mask. */
const triangleImporter: Importer = (node, inputs, context) => {
  const x = required(node, inputs, 0);
  const k = inputs[1] ? (numbers(node, inputs[1], context, "k")[0] ?? 0) : 0;
  const upper = intAttribute(node, "upper", 1) === 1;
  const [rows, columns] = [dim(x.shape, -2), dim(x.shape, -1)];
  spend(node, context, rows * columns);
  const mask = Uint8Array.from({ length: rows * columns }, (_, i) => {
    const distance = (i % columns) - Math.floor(i / columns);
    return Number(upper ? distance >= k : distance <= k);
  });
  const keep = context.graph.initializer(undefined, "bool", [rows, columns], mask);
  if (x.dtype === "bool") return [x.graph.op("And", [x, keep], { dtype: "bool", shape: x.shape })];
  return [where(keep, x, 0)];
};

/** Importers of the ops that move elements. */
export const layoutImporters: Readonly<Record<string, Importer>> = {
  Reshape: reshaping((node, x, inputs, context) => target(node, x, listOf(node, "shape", inputs[1], context) ?? [])),
  Flatten: reshaping((node, x) => {
    const axis = normal(intAttribute(node, "axis", 1), x.shape.length);
    return [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))];
  }),
  Squeeze: reshaping((node, x, inputs, context) => {
    const axes = listOf(node, "axes", inputs[1], context)?.map((a) => axisOf(a, x.shape.length, "Squeeze"));
    return x.shape.filter((d, i) => (axes ? !axes.includes(i) : d !== 1));
  }),
  Unsqueeze: reshaping((node, x, inputs, context) => {
    const axes = listOf(node, "axes", inputs[1], context) ?? [];
    const rank = x.shape.length + axes.length;
    const at = axes.map((a) => axisOf(a, rank, "Unsqueeze"));
    if (new Set(at).size < at.length) throw nodeError(node, `an axis is named twice: ${axes}`);
    const rest = [...x.shape];
    return Array.from({ length: rank }, (_, i) => (at.includes(i) ? 1 : (rest.shift() as number)));
  }),
  Transpose: (node, inputs) => {
    const x = required(node, inputs, 0);
    return [transpose(x, intsAttribute(node, "perm") ?? x.shape.map((_, i) => x.shape.length - 1 - i))];
  },
  Expand: (node, inputs, context) => {
    const x = required(node, inputs, 0);
    const wanted = numbers(node, required(node, inputs, 1), context, "shape");
    if (wanted.some((d) => d < 0)) throw nodeError(node, `expected a shape, found [${wanted}]`);
    return [expand(x, broadcastShape(x.shape, wanted, "Expand"))];
  },
  Concat: (node, inputs, context) => {
    const values = inputs.map((_, i) => required(node, inputs, i));
    const known = values.map((v) => context.known.get(v));
    if (known.every((k) => k) && values[0]?.shape.length === 1) {
      const length = known.reduce((sum, k) => sum + (k?.length ?? 0), 0);
      if (length <= FOLDABLE)
        return [
          constant(
            node,
            context,
            values[0].dtype,
            [length],
            known.flatMap((k) => k ?? []),
          ),
        ];
    }
    if (context.opset >= 4 && !node.attributes.has("axis")) throw nodeError(node, "attribute axis is missing");
    return [concat(values, intAttribute(node, "axis", 1))];
  },
  Split: splitImporter,
  Slice: sliceImporter,
  Pad: padImporter,
  Trilu: triangleImporter,
  Gather: gatherImporter,
  GatherElements: (node, inputs) => {
    const [x, index] = [required(node, inputs, 0), required(node, inputs, 1)];
    const axis = axisOf(intAttribute(node, "axis", 0), x.shape.length, "GatherElements");
    return [x.graph.op("GatherElements", [x, cast(index, "int64")], { dtype: x.dtype, shape: index.shape }, { axis })];
  },
};
