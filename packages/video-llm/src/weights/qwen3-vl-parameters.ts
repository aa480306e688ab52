import type { VideoLlmConfig } from "../config/config.js";
import type { ParameterSpec } from "./parameter-spec.js";

/** The vision encoder, patch merger and DeepStack mergers (group `projector`) of Qwen3-VL, named as in Qwen's checkpoints. */
export function qwen3VisionSpecs(config: VideoLlmConfig): ParameterSpec[] {
  const { vision } = config;
  const { hiddenSize: d, intermediateSize: ff, channels, patchSize, temporalPatchSize } = vision;
  const specs: ParameterSpec[] = [];
  const linear = (name: string, out: number, from: number, group: ParameterSpec["group"] = "visionEncoder"): void => {
    specs.push({ name: `${name}.weight`, dims: [out, from], group, init: 1 / Math.sqrt(from) });
    specs.push({ name: `${name}.bias`, dims: [out], group, init: "zeros" });
  };
  const norm = (name: string, width: number, group: ParameterSpec["group"] = "visionEncoder"): void => {
    specs.push({ name: `${name}.weight`, dims: [width], group, init: "ones" });
    specs.push({ name: `${name}.bias`, dims: [width], group, init: "zeros" });
  };
  const patch = [channels, temporalPatchSize, patchSize, patchSize];
  const init = 1 / Math.sqrt(patch.reduce((a, b) => a * b, 1));
  specs.push({ name: "visual.patch_embed.proj.weight", dims: [d, ...patch], group: "visionEncoder", init });
  specs.push({ name: "visual.patch_embed.proj.bias", dims: [d], group: "visionEncoder", init: "zeros" });
  const positions = [vision.positionEmbeddings, d];
  specs.push({ name: "visual.pos_embed.weight", dims: positions, group: "visionEncoder", init: 0.02 });
  for (let i = 0; i < vision.layers; i++) {
    const block = `visual.blocks.${i}`;
    norm(`${block}.norm1`, d);
    linear(`${block}.attn.qkv`, 3 * d, d);
    linear(`${block}.attn.proj`, d, d);
    norm(`${block}.norm2`, d);
    linear(`${block}.mlp.linear_fc1`, ff, d);
    linear(`${block}.mlp.linear_fc2`, d, ff);
  }
  const merged = d * config.mergeSize ** 2;
  const merger = (name: string, normWidth: number): void => {
    norm(`${name}.norm`, normWidth, "projector");
    linear(`${name}.linear_fc1`, merged, merged, "projector");
    linear(`${name}.linear_fc2`, config.hiddenSize, merged, "projector");
  };
  merger("visual.merger", d);
  vision.deepstackLayers.forEach((_, i) => {
    merger(`visual.deepstack_merger_list.${i}`, merged);
  });
  return specs;
}
