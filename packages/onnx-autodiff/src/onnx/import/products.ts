import { ShapeError } from "../../errors.js";
import type { Value } from "../../graph.js";
import { add, mul } from "../../ops/elementwise.js";
import { reshape, transpose } from "../../ops/layout.js";
import { matmul } from "../../ops/matmul.js";
import { dim } from "../../tensor.js";
import {
  floatAttribute,
  type Importer,
  intAttribute,
  intsAttribute,
  nodeError,
  required,
  stringAttribute,
} from "./context.js";

const matmulImporter: Importer = (node, inputs, context) => {
  const [a, b] = [required(node, inputs, 0), required(node, inputs, 1)];
  const left = a.shape.length === 1 ? reshape(a, [1, dim(a.shape, 0)]) : a;
  const right = b.shape.length === 1 ? reshape(b, [dim(b.shape, 0), 1]) : b;
  const y = context.adapt(matmul(left, right), left, right, false, node);
  if (a.shape.length > 1 && b.shape.length > 1) return [y];
  const shape = [...y.shape];
  if (b.shape.length === 1) shape.splice(-1, 1);
  if (a.shape.length === 1) shape.splice(b.shape.length === 1 ? -1 : -2, 1);
  return [reshape(y, shape)];
};

const gemmImporter: Importer = (node, inputs, context) => {
  const [a, b, c] = [required(node, inputs, 0), required(node, inputs, 1), inputs[2]];
  const [transposeA, transposeB] = [intAttribute(node, "transA", 0) === 1, intAttribute(node, "transB", 0) === 1];
  let y = matmul(a, b, { transposeA, transposeB, alpha: floatAttribute(node, "alpha", 1) });
  if (!transposeA) y = context.adapt(y, a, b, transposeB, node);
  const beta = floatAttribute(node, "beta", 1);
  return [c ? add(y, beta === 1 ? c : mul(c, beta)) : y];
};

const fusedImporter: Importer = (node, inputs, context) => {
  for (const name of ["transBatchA", "transBatchB"])
    if (intAttribute(node, name, 0) !== 0) throw nodeError(node, `${name} has no gradient`);
  const [a, b] = [required(node, inputs, 0), required(node, inputs, 1)];
  const [transposeA, transposeB] = [intAttribute(node, "transA", 0) === 1, intAttribute(node, "transB", 0) === 1];
  const y = matmul(a, b, { transposeA, transposeB, alpha: floatAttribute(node, "alpha", 1) });
  return [transposeA ? y : context.adapt(y, a, b, transposeB, node)];
};

/** A convolution whose windows tile the image (patch embedding), as one product: x [B, C, H, W] -> [B, d, H/k, W/l]. */
const convImporter: Importer = (node, inputs) => {
  const [x, w, bias] = [required(node, inputs, 0), required(node, inputs, 1), inputs[2]];
  const attribute = (name: string): readonly number[] => intsAttribute(node, name) ?? [];
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const [out, , k, l] = w.shape as [number, number, number, number];
  const [stride0 = 1, stride1 = 1] = attribute("strides");
  const plain =
    attribute("pads").every((p) => p === 0) &&
    attribute("dilations").every((d) => d === 1) &&
    (attribute("kernel_shape").length === 0 || attribute("kernel_shape").join() === [k, l].join()) &&
    // Windows that tile the image need no padding, so SAME adds none.
    ["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"].includes(stringAttribute(node, "auto_pad", "NOTSET")) &&
    intAttribute(node, "group", 1) === 1;
  if (x.shape.length !== 4 || !plain || stride0 !== k || stride1 !== l || height % k !== 0 || width % l !== 0) {
    throw nodeError(
      node,
      "only convolutions whose windows tile the image without padding (patch embeddings) are supported",
    );
  }
  const [rows, columns] = [height / k, width / l];
  const tiles = transpose(reshape(x, [batch, channels, rows, k, columns, l]), [0, 2, 4, 1, 3, 5]);
  const y = matmul(reshape(tiles, [batch * rows * columns, channels * k * l]), reshape(w, [out, channels * k * l]), {
    transposeB: true,
  });
  return [transpose(reshape(bias ? add(y, bias) : y, [batch, rows, columns, out]), [0, 3, 1, 2])];
};

/** Importers of matrix products. */
export const productImporters: Readonly<Record<string, Importer>> = {
  MatMul: matmulImporter,
  Gemm: gemmImporter,
  FusedMatMul: fusedImporter,
  Conv: convImporter,
};

/** Output size of a weight [in, out], or [out, in] when transposed. @throws ShapeError when it is no matrix */
export function matrixSize(weight: Value, transposed: boolean): { input: number; output: number } {
  if (weight.shape.length !== 2)
    throw new ShapeError(`LoRA: ${weight.name ?? weight.id} must be a matrix, found [${weight.shape}]`);
  const [a, b] = [dim(weight.shape, 0), dim(weight.shape, 1)];
  return transposed ? { input: b, output: a } : { input: a, output: b };
}
