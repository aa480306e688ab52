import type { Value } from "../graph.js";
import { add } from "../ops/elementwise.js";
import { matmul } from "../ops/matmul.js";
import { dim, type Shape } from "../tensor.js";

/** Supplies the value behind a parameter name: an input (trainable) or an initializer (frozen). */
export type Params = (name: string, shape: Shape) => Value;

/** Low-rank adapters: y += alpha / rank * x A^T B^T. */
export interface LoraSpec {
  /** Inner size r. */
  readonly rank: number;
  /** Scale numerator. */
  readonly alpha: number;
  /** Supplies `<name>.lora_A` [r, in] and `<name>.lora_B` [out, r]. */
  readonly params: Params;
  /** Size and scale by layer, null where a layer has none. Default: `rank` and `alpha / rank` everywhere. */
  readonly module?: (name: string) => LoraModule | null;
}

/** The low-rank path of one layer. */
export interface LoraModule {
  /** Inner size r. */
  readonly rank: number;
  /** What the path is multiplied by: alpha / r, or with rsLoRA alpha / sqrt(r) (arXiv 2312.03732). */
  readonly scale: number;
}

/** y = x W^T, weights [out, in] as checkpoints store them; x [..., in] -> [..., out]. */
export const matmulTransposed = (x: Value, weight: Value, alpha = 1): Value =>
  matmul(x, weight, { transposeB: true, alpha });

/**
 * Linear layer `<name>.weight` [out, in] and, with `bias`, `<name>.bias` [out]; x [..., in] -> [..., out]. With `lora`,
 * adds the low-rank path.
 */
export function linear(params: Params, name: string, x: Value, outSize: number, bias: boolean, lora?: LoraSpec): Value {
  const inSize = dim(x.shape, -1);
  let y = matmulTransposed(x, params(`${name}.weight`, [outSize, inSize]));
  if (bias) y = add(y, params(`${name}.bias`, [outSize]));
  const path =
    lora?.module === undefined ? lora && { rank: lora.rank, scale: lora.alpha / lora.rank } : lora.module(name);
  if (!lora || !path) return y;
  const a = lora.params(`${name}.lora_A`, [path.rank, inSize]);
  const b = lora.params(`${name}.lora_B`, [outSize, path.rank]);
  return add(y, matmulTransposed(matmulTransposed(x, a), b, path.scale));
}
