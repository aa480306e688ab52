import type { FrozenKernel, FrozenStorage, SessionOptions } from "@videosafety/onnx-autodiff";
import type { RuntimeOptions } from "../model/video-llm.js";

/**
 * How decoding multiplies with a frozen weight. Codes go to `MatMulNBits`, which expands whole weights at every token unless
 * it has repacked them; it repacks 4 bits for either accuracy level, 8 bits for level 4 only.
 */
export function decodeKernel(storage: FrozenStorage, accuracyLevel?: 1 | 4): FrozenKernel {
  if (storage.kind === "float") return {};
  const { bits } = storage.quantization;
  const level = accuracyLevel ?? (bits === 4 ? 1 : 4);
  return bits === 8 && level === 1 ? {} : { kernel: "packed", accuracyLevel: level };
}

/** Session options: graphs over mapped weights must not repack them, or each would hold a copy. */
export function sessionOptions(options: RuntimeOptions, weightsDirectory: string | undefined): SessionOptions {
  const { threads, memoryPattern = true } = options;
  return {
    memoryPattern,
    ...(threads === undefined ? {} : { threads }),
    ...(weightsDirectory === undefined ? {} : { externalDataDirectory: weightsDirectory, prepacking: false }),
  };
}
