import type { Value } from "../../graph.js";
import { axisOf, reshape } from "../../ops/layout.js";
import { layerNorm, rmsNorm, rope } from "../../ops/normalization.js";
import { logSoftmax, reduceMax, reduceMean, reduceSum, softmax } from "../../ops/reduce.js";
import { dim, sizeOf } from "../../tensor.js";
import { constant, floatAttribute, type Importer, intAttribute, listOf, nodeError, required } from "./context.js";

const reduction =
  (f: (x: Value, axes: readonly number[], keepDims: boolean) => Value): Importer =>
  (node, inputs, context) => {
    const x = required(node, inputs, 0);
    const axes = listOf(node, "axes", inputs[1], context) ?? [];
    if (axes.length === 0 && intAttribute(node, "noop_with_empty_axes", 0) === 1) return [x];
    return [f(x, axes.length > 0 ? axes : x.shape.map((_, i) => i), intAttribute(node, "keepdims", 1) === 1)];
  };

const along =
  (f: (x: Value, axis: number) => Value): Importer =>
  (node, inputs, context) => {
    const x = required(node, inputs, 0);
    const axis = intAttribute(node, "axis", context.opset >= 13 ? -1 : 1);
    if (context.opset >= 13) return [f(x, axis)];
    // Before operator set 13 all axes from this one on are one.
    const at = axis === x.shape.length ? axis : axisOf(axis, x.shape.length, node.op);
    const [outer, inner] = [sizeOf(x.shape.slice(0, at)), sizeOf(x.shape.slice(at))];
    return [reshape(f(reshape(x, [outer, inner]), 1), x.shape)];
  };

const lastAxis = (node: Parameters<Importer>[0], x: Value): void => {
  const stash = intAttribute(node, "stash_type", 1);
  if (stash !== 1) throw nodeError(node, `only statistics in float32 (stash_type 1) are supported, found ${stash}`);
  const axis = intAttribute(node, "axis", -1);
  if (axis !== -1 && axis !== x.shape.length - 1)
    throw nodeError(node, `only the last axis is supported, found ${axis}`);
};

const rmsImporter: Importer = (node, inputs) => {
  const x = required(node, inputs, 0);
  lastAxis(node, x);
  return [rmsNorm(x, required(node, inputs, 1), floatAttribute(node, "epsilon", 1e-5))];
};

/** Importers of reductions, softmaxes and norms. */
export const reductionImporters: Readonly<Record<string, Importer>> = {
  ReduceSum: reduction(reduceSum),
  ReduceMean: reduction(reduceMean),
  ReduceMax: reduction(reduceMax),
  Softmax: along(softmax),
  LogSoftmax: along(logSoftmax),
  RMSNormalization: rmsImporter,
  SimplifiedLayerNormalization: rmsImporter,
  LayerNormalization: (node, inputs, context) => {
    const x = required(node, inputs, 0);
    lastAxis(node, x);
    const width = dim(x.shape, -1);
    const bias = inputs[2] ?? constant(node, context, x.dtype, [width], new Array<number>(width).fill(0));
    return [layerNorm(x, required(node, inputs, 1), bias, floatAttribute(node, "epsilon", 1e-5))];
  },
  RotaryEmbedding: (node, inputs) => {
    if (intAttribute(node, "interleaved", 0) !== 0 || inputs[3])
      throw nodeError(node, "only half-rotated embeddings without position ids are supported");
    const [x, heads] = [required(node, inputs, 0), intAttribute(node, "num_heads", 0)];
    const partial = intAttribute(node, "rotary_embedding_dim", 0);
    if (partial !== 0 && partial * heads !== dim(x.shape, -1))
      throw nodeError(node, `only whole heads can be rotated, found rotary_embedding_dim ${partial}`);
    if (x.shape.length !== 3) throw nodeError(node, `expected [batch, sequence, width], found [${x.shape}]`);
    if (heads === 0) throw nodeError(node, "num_heads is missing");
    return [rope(x, required(node, inputs, 1), required(node, inputs, 2), heads)];
  },
};
