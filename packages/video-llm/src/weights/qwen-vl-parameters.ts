import type { VideoLlmConfig } from "../config/config.js";
import type { ParameterSpec } from "./parameter-spec.js";

/** The vision encoder and patch merger (group `projector`) of Qwen2-VL or Qwen2.5-VL, named as in Qwen's checkpoints. */
export function qwenVisionSpecs(config: VideoLlmConfig): ParameterSpec[] {
  const { vision } = config;
  const { hiddenSize: d, intermediateSize: ff, channels, patchSize, temporalPatchSize } = vision;
  const windowed = config.family === "qwen2.5-vl"; // RMSNorm and SwiGLU; Qwen2-VL has LayerNorm and a two-layer MLP
  const specs: ParameterSpec[] = [];
  const linear = (name: string, out: number, from: number, group: ParameterSpec["group"] = "visionEncoder"): void => {
    specs.push({ name: `${name}.weight`, dims: [out, from], group, init: 1 / Math.sqrt(from) });
    specs.push({ name: `${name}.bias`, dims: [out], group, init: "zeros" });
  };
  const norm = (name: string, group: ParameterSpec["group"] = "visionEncoder"): void => {
    specs.push({ name: `${name}.weight`, dims: [d], group, init: "ones" });
    if (!windowed) specs.push({ name: `${name}.bias`, dims: [d], group, init: "zeros" });
  };
  const patch = [channels, temporalPatchSize, patchSize, patchSize];
  const init = 1 / Math.sqrt(patch.reduce((a, b) => a * b, 1));
  specs.push({ name: "visual.patch_embed.proj.weight", dims: [d, ...patch], group: "visionEncoder", init });
  for (let i = 0; i < vision.layers; i++) {
    const block = `visual.blocks.${i}`;
    norm(`${block}.norm1`);
    linear(`${block}.attn.qkv`, 3 * d, d);
    linear(`${block}.attn.proj`, d, d);
    norm(`${block}.norm2`);
    for (const part of windowed ? ["gate_proj", "up_proj"] : ["fc1"]) linear(`${block}.mlp.${part}`, ff, d);
    linear(`${block}.mlp.${windowed ? "down_proj" : "fc2"}`, d, ff);
  }
  const merged = d * config.mergeSize ** 2;
  norm("visual.merger.ln_q", "projector");
  linear("visual.merger.mlp.0", merged, merged, "projector");
  linear("visual.merger.mlp.2", config.hiddenSize, merged, "projector");
  return specs;
}
