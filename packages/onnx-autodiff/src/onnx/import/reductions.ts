import type { Value } from "../../graph.js";
import { layerNorm, rmsNorm, rope } from "../../ops/normalization.js";
import { logSoftmax, reduceMax, reduceMean, reduceSum, softmax } from "../../ops/reduce.js";
import { dim } from "../../tensor.js";
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
    if (context.opset < 13 && axis !== x.shape.length - 1 && axis !== -1)
      throw nodeError(node, "before opset 13 only the last axis is supported");
    return [f(x, axis)];
  };

const lastAxis = (node: Parameters<Importer>[0], x: Value): void => {
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
    const bias = inputs[2] ?? constant(context, x.dtype, [width], new Array<number>(width).fill(0));
    return [layerNorm(x, required(node, inputs, 1), bias, floatAttribute(node, "epsilon", 1e-5))];
  },
  RotaryEmbedding: (node, inputs) => {
    if (intAttribute(node, "interleaved", 0) !== 0 || inputs[3])
      throw nodeError(node, "only half-rotated embeddings without position ids are supported");
    const [x, heads] = [required(node, inputs, 0), intAttribute(node, "num_heads", 0)];
    if (heads === 0) throw nodeError(node, "num_heads is missing");
    return [rope(x, required(node, inputs, 1), required(node, inputs, 2), heads)];
  },
};
