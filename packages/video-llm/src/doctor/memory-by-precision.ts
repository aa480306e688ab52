import { type Precision, storagePlan } from "../checkpoint/precision.js";
import type { VideoLlmConfig } from "../config/config.js";
import { parameterSpecs } from "../weights/parameters.js";

/** Bytes of a model's weights at each precision, activations and caches not counted. */
export function memoryByPrecision(config: VideoLlmConfig): Record<Precision, number> {
  const specs = parameterSpecs(config);
  const bytes = (precision: Precision): number =>
    specs.reduce((sum, spec) => {
      const count = spec.dims.reduce((a, b) => a * b, 1);
      const plan = storagePlan(spec, { precision });
      if (plan === null) return sum + 4 * count;
      if (plan.kind === "float") return sum + count * (plan.dtype === "float32" ? 4 : 2);
      const { bits, blockSize } = plan.quantization;
      return sum + (count * bits) / 8 + (count / blockSize) * 4; // codes, and a float32 scale per block
    }, 0);
  return {
    float32: bytes("float32"),
    bfloat16: bytes("bfloat16"),
    float16: bytes("float16"),
    int8: bytes("int8"),
    int4: bytes("int4"),
  };
}

/** Bytes of keys and values per token of a prompt or answer. */
export const cacheBytesPerToken = ({ layers, keyValueHeads, headSize }: VideoLlmConfig): number =>
  2 * layers * keyValueHeads * headSize * 4;
