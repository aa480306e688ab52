import type { BlockQuantization } from "@videosafety/onnx-autodiff";
import { OptionsError } from "../errors.js";
import type { ParameterSpec } from "../weights/parameter-spec.js";

/** Element type of the weights of decoder, projector and vision encoder. */
export type Precision = "float32" | "bfloat16" | "float16" | "int8" | "int4";

/** How the base weights are held. Every precision but plain float32 freezes them: LoRA, alarm tokens and heads train. */
export interface PrecisionOptions {
  /**
   * `float32` (default): as the checkpoint says, in memory, trainable. `bfloat16`, `float16`: 16 bits, expanded at run time.
   * `int8`, `int4`: weight-only blocks of codes; at `int4` the embedding table and the output layer stay at 8 bits.
   */
  readonly precision?: Precision;
  /** Weights of a row that share a scale, a power of two from 16. Default 32; halved for a row it does not divide. */
  readonly blockSize?: number;
  /** Codes centred on zero; false gives each block a zero point, which helps where blocks are skewed. Default true. */
  readonly symmetric?: boolean;
  /** float32 only: keep the weights in their file, mapped and shared between graphs and processes, and frozen. Default false. */
  readonly memoryMap?: boolean;
  /** Where converted weights are kept for the next load. Default `.videosafety` inside the checkpoint directory. */
  readonly cacheDirectory?: string;
}

/** How one tensor of a frozen base is stored; null keeps it in memory as float32 (norms, biases, what blocks do not fit). */
export type StoragePlan =
  | { readonly kind: "float"; readonly dtype: "float32" | "float16" | "bfloat16" }
  | { readonly kind: "blocks"; readonly quantization: BlockQuantization }
  | null;

const PRECISIONS: readonly Precision[] = ["float32", "bfloat16", "float16", "int8", "int4"];
/** Tables whose rows are read by token id. */
const TABLE = /^(model\.embed_tokens|lm_head)\.weight$/;
/** Read by position or patch, never as a plain linear layer. */
const NO_LINEAR = /(position_embedding|pos_embed|patch_embedding|patch_embed\.proj)\.weight$/;
const FROZEN_GROUPS: readonly string[] = ["llm", "projector", "visionEncoder"];

/** Whether the options call for a frozen base. @throws OptionsError when they contradict each other */
export function isFrozenBase(options: PrecisionOptions): boolean {
  const { precision = "float32", blockSize = 32, memoryMap } = options;
  if (!PRECISIONS.includes(precision))
    throw new OptionsError(`expected a precision of ${PRECISIONS.join(", ")}, found ${precision}`);
  if (!(Number.isInteger(Math.log2(blockSize)) && blockSize >= 16))
    throw new OptionsError(`expected a blockSize that is a power of two from 16, found ${blockSize}`);
  if (memoryMap === false && precision !== "float32")
    throw new OptionsError(`weights at ${precision} are always memory-mapped; leave memoryMap out`);
  return precision !== "float32" || memoryMap === true;
}

/** How a tensor is stored under some options. */
export function storagePlan(spec: ParameterSpec, options: PrecisionOptions): StoragePlan {
  const { precision = "float32", blockSize = 32, symmetric = true } = options;
  const { name, dims, group } = spec;
  if (dims.length < 2 || !FROZEN_GROUPS.includes(group)) return null;
  if (precision === "float32" || precision === "bfloat16" || precision === "float16")
    return { kind: "float", dtype: precision };
  if (dims.length !== 2 || NO_LINEAR.test(name)) return null;
  const columns = dims[1] as number;
  let size = blockSize;
  while (size >= 16 && columns % size !== 0) size /= 2;
  if (size < 16) return null;
  const bits = precision === "int8" || TABLE.test(name) ? 8 : 4;
  const oddBlocks = (columns / size) % 2 !== 0;
  return { kind: "blocks", quantization: { bits, blockSize: size, symmetric: symmetric || (bits === 4 && oddBlocks) } };
}
