import type { FrozenKernel, FrozenStorage } from "@videosafety/onnx-autodiff";

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
