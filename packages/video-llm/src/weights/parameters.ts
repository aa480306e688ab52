import { ALARM_TENSOR_NAMES, type ParameterGroup } from "@videosafety/alarm-tokens";
import { isQwenVl, patchesPerSide, type VideoLlmConfig } from "../config/config.js";
import type { ParameterSpec } from "./parameter-spec.js";
import { qwenVisionSpecs } from "./qwen-vl-parameters.js";
import { qwen3VisionSpecs } from "./qwen3-vl-parameters.js";

/**
 * Every tensor of a model of these sizes, in checkpoint order, named as the family's authors publish it: as in
 * DAMO-NLP-SG/VideoLLaMA3, or Qwen/Qwen2-VL and Qwen/Qwen2.5-VL.
 */
export function parameterSpecs(config: VideoLlmConfig): ParameterSpec[] {
  const vision =
    config.family === "qwen3-vl"
      ? qwen3VisionSpecs(config)
      : isQwenVl(config)
        ? qwenVisionSpecs(config)
        : visionSpecs(config);
  return [...languageSpecs(config), ...vision, ...alarmSpecs(config)];
}

/** Standard deviation of fresh weights, as Qwen2 and SigLIP configs state it. */
const STD = 0.02;

function languageSpecs(config: VideoLlmConfig): ParameterSpec[] {
  const { hiddenSize: d, headSize, heads, keyValueHeads, intermediateSize: ff } = config;
  const specs: ParameterSpec[] = [];
  const add = (name: string, dims: number[], init: ParameterSpec["init"]): void => {
    specs.push({ name, dims, group: "llm", init });
  };
  // Residual outputs start smaller, so that the depth does not blow up the residual stream (GPT-2's rule).
  const residual = STD / Math.sqrt(2 * config.layers);
  add("model.embed_tokens.weight", [config.vocabularySize, d], STD);
  for (let i = 0; i < config.layers; i++) {
    const layer = `model.layers.${i}`;
    add(`${layer}.input_layernorm.weight`, [d], "ones");
    for (const [name, rows] of [
      ["q", heads],
      ["k", keyValueHeads],
      ["v", keyValueHeads],
    ] as const) {
      add(`${layer}.self_attn.${name}_proj.weight`, [rows * headSize, d], STD);
      if (hasAttentionBias(config)) add(`${layer}.self_attn.${name}_proj.bias`, [rows * headSize], "zeros");
    }
    if (hasHeadNorm(config))
      for (const name of ["q", "k"]) add(`${layer}.self_attn.${name}_norm.weight`, [headSize], "ones");
    add(`${layer}.self_attn.o_proj.weight`, [d, heads * headSize], residual);
    add(`${layer}.post_attention_layernorm.weight`, [d], "ones");
    add(`${layer}.mlp.gate_proj.weight`, [ff, d], STD);
    add(`${layer}.mlp.up_proj.weight`, [ff, d], STD);
    add(`${layer}.mlp.down_proj.weight`, [d, ff], residual);
  }
  add("model.norm.weight", [d], "ones");
  if (!config.tieWordEmbeddings) add("lm_head.weight", [config.vocabularySize, d], STD);
  return specs;
}

function visionSpecs(config: VideoLlmConfig): ParameterSpec[] {
  const { vision } = config;
  const d = vision.hiddenSize;
  const specs: ParameterSpec[] = [];
  const encoder = "model.vision_encoder";
  const linear = (name: string, out: number, from: number, group: ParameterGroup = "visionEncoder"): void => {
    specs.push({ name: `${name}.weight`, dims: [out, from], group, init: 1 / Math.sqrt(from) });
    specs.push({ name: `${name}.bias`, dims: [out], group, init: "zeros" });
  };
  const norm = (name: string): void => {
    specs.push({ name: `${name}.weight`, dims: [d], group: "visionEncoder", init: "ones" });
    specs.push({ name: `${name}.bias`, dims: [d], group: "visionEncoder", init: "zeros" });
  };
  const patch = [d, vision.channels, vision.patchSize, vision.patchSize];
  const fanIn = vision.channels * vision.patchSize ** 2;
  const name = `${encoder}.embeddings.patch_embedding`;
  specs.push({ name: `${name}.weight`, dims: patch, group: "visionEncoder", init: 1 / Math.sqrt(fanIn) });
  specs.push({ name: `${name}.bias`, dims: [d], group: "visionEncoder", init: "zeros" });
  if (config.family === "smolvlm2") {
    const positions = patchesPerSide(config) ** 2;
    const dims = [positions, d];
    specs.push({ name: `${encoder}.embeddings.position_embedding.weight`, dims, group: "visionEncoder", init: STD });
  }
  for (let i = 0; i < vision.layers; i++) {
    const layer = `${encoder}.encoder.layers.${i}`;
    norm(`${layer}.layer_norm1`);
    for (const part of ["q_proj", "k_proj", "v_proj", "out_proj"]) linear(`${layer}.self_attn.${part}`, d, d);
    norm(`${layer}.layer_norm2`);
    linear(`${layer}.mlp.fc1`, vision.intermediateSize, d);
    linear(`${layer}.mlp.fc2`, d, vision.intermediateSize);
  }
  norm(`${encoder}.post_layernorm`);
  if (config.family === "smolvlm2") {
    const from = d * config.mergeSize ** 2;
    const dims = [config.hiddenSize, from];
    specs.push({ name: "model.mm_projector.proj.weight", dims, group: "projector", init: 1 / Math.sqrt(from) });
    return specs;
  }
  linear("model.mm_projector.readout.0", config.hiddenSize, d, "projector");
  linear("model.mm_projector.readout.2", config.hiddenSize, config.hiddenSize, "projector");
  return specs;
}

function alarmSpecs(config: VideoLlmConfig): ParameterSpec[] {
  const { hiddenSize: d, alarmVectors } = config;
  const names = ALARM_TENSOR_NAMES;
  return [
    { name: names.visualToken, dims: [alarmVectors.visual, d], group: "alarmTokens", init: "zeros", optional: true },
    { name: names.textualToken, dims: [alarmVectors.textual, d], group: "alarmTokens", init: "zeros", optional: true },
    { name: names.visualHeadWeight, dims: [1, d], group: "classifiers", init: STD, optional: true },
    { name: names.visualHeadBias, dims: [1], group: "classifiers", init: "zeros", optional: true },
    { name: names.textualHeadWeight, dims: [1, d], group: "classifiers", init: STD, optional: true },
    { name: names.textualHeadBias, dims: [1], group: "classifiers", init: "zeros", optional: true },
  ];
}

/** Whether queries, keys and values have biases: Qwen2 has them, Llama and Qwen3 do not. */
export const hasAttentionBias = ({ family }: VideoLlmConfig): boolean => family !== "smolvlm2" && family !== "qwen3-vl";

/** Whether each head's queries and keys are normalised: in Qwen3. */
export const hasHeadNorm = ({ family }: VideoLlmConfig): boolean => family === "qwen3-vl";

type Family = VideoLlmConfig["family"];

const QWEN_PREFIXES = [
  ["visual.", "model.visual."],
  ["lm_head.", "lm_head."],
  ["model.", "model.language_model."],
] as const;

/** Our prefix (the authors') and Hugging Face's, the longer first. */
const PREFIXES: Readonly<Record<Family, readonly (readonly [string, string])[]>> = {
  videollama3: [
    ["model.vision_encoder.", "model.vision_model."],
    ["model.mm_projector.", "model.projector."],
    ["lm_head.", "lm_head."],
    ["model.", "model.language_model."],
  ],
  smolvlm2: [
    ["model.vision_encoder.", "model.vision_model."],
    ["model.mm_projector.", "model.connector.modality_projection."],
    ["lm_head.", "lm_head."],
    ["model.", "model.text_model."],
  ],
  "qwen2-vl": QWEN_PREFIXES,
  "qwen2.5-vl": QWEN_PREFIXES,
  "qwen3-vl": QWEN_PREFIXES,
};

/** The name Hugging Face transformers gives a tensor of ours. */
export function huggingFaceName(name: string, family: Family = "videollama3"): string {
  for (const [ours, theirs] of PREFIXES[family]) if (name.startsWith(ours)) return theirs + name.slice(ours.length);
  return name;
}

/** Training code that keeps the vision encoder in a wrapper module saves it one level deeper. */
const WRAPPED_VISION = /^model\.vision_encoder\.(vision_encoder|vision_tower)\./;

/** Our (the authors' published) name of a tensor of a Hugging Face checkpoint, or of one saved by training code. */
export function originalName(name: string, family: Family = "videollama3"): string {
  for (const [ours, theirs] of PREFIXES[family]) if (name.startsWith(theirs)) return ours + name.slice(theirs.length);
  return name.replace(WRAPPED_VISION, "model.vision_encoder.");
}
