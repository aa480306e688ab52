import { describe, expect, test } from "vitest";
import { ConfigError, parseCheckpointConfig } from "../../index.js";

const text = {
  vocab_size: 64,
  hidden_size: 32,
  intermediate_size: 40,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
};
const vision = { hidden_size: 24, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 2, patch_size: 4 };
const flat = { model_type: "videollama3_qwen2", ...text, vision_encoder_config: vision };
const nested = { model_type: "video_llama_3", text_config: { model_type: "qwen2", ...text }, vision_config: vision };
const smol = {
  model_type: "smolvlm",
  text_config: { model_type: "llama", ...text },
  vision_config: { ...vision, image_size: 16 },
};
const qwen = {
  model_type: "qwen2_vl",
  ...text,
  vision_config: { depth: 1, embed_dim: 24, num_heads: 2, patch_size: 4, hidden_size: 32 },
};
const inText = (config: typeof nested | typeof smol, keys: object) => ({
  ...config,
  text_config: { ...config.text_config, ...keys },
});

describe("what is not computed is refused by name", () => {
  test.each<[string, object, RegExp]>([
    ["another model", { ...nested, model_type: "llava" }, /found llava/],
    ["a mixture of experts", { ...nested, model_type: "qwen3_vl_moe" }, /found qwen3_vl_moe/],
    ["no model type", { ...nested, model_type: undefined }, /found \(no model_type\)/],
    ["a name that every object has", { ...nested, model_type: "constructor" }, /found constructor/],
    ["another decoder", inText(nested, { model_type: "mistral" }), /decoder of model_type mistral/],
    ["another decoder of SmolVLM2", inText(smol, { model_type: "qwen2" }), /decoder of model_type qwen2/],
    ["GPTQ", { ...flat, quantization_config: { quant_method: "gptq", bits: 4 } }, /quantization_config of method gptq/],
    ["AWQ inside", inText(nested, { quantization_config: { quant_method: "awq" } }), /text_config\.quant.*awq/],
    ["a sliding window", { ...flat, use_sliding_window: true, max_window_layers: 1 }, /sliding window/],
    ["layers with a window", inText(nested, { layer_types: ["sliding_attention", "full_attention"] }), /sliding_atten/],
    ["another activation", { ...flat, hidden_act: "relu2" }, /found relu2, which is not computed/],
    ["one of the encoder", { ...nested, vision_config: { ...vision, hidden_act: "mish" } }, /vision_config.*\n?.*mish/],
    ["LongRoPE", { ...flat, rope_scaling: { type: "longrope", factor: 2 } }, /RoPE of type longrope/],
    ["linear without a factor", { ...flat, rope_scaling: { type: "linear" } }, /linear without factor/],
    ["llama3 without its factors", inText(smol, { rope_scaling: { type: "llama3", factor: 8 } }), /low_freq_factor/],
    ["half of the head turned", { ...flat, partial_rotary_factor: 0.5 }, /partial_rotary_factor 0.5/],
    ["RoPE by kind of layer", { ...flat, rope_parameters: { full_attention: { rope_theta: 1 } } }, /full_attention/],
    ["mrope outside of Qwen-VL", { ...flat, rope_scaling: { type: "mrope", mrope_section: [2, 1, 1] } }, /type mrope/],
    [
      "yarn of the encoder",
      { ...nested, vision_config: { ...vision, rope_scaling: { type: "yarn", factor: 2 } } },
      /yarn/,
    ],
    ["biases of Llama's attention", inText(smol, { attention_bias: true }), /attention_bias true/],
    ["biases of Llama's MLP", inText(smol, { mlp_bias: true }), /mlp_bias[\s\S]*|biases/],
    ["grey pictures", { ...qwen, vision_config: { ...qwen.vision_config, in_channels: 1 } }, /pictures of 1 channels/],
    [
      "two numbers of heads",
      { ...qwen, vision_config: { ...qwen.vision_config, num_attention_heads: 4 } },
      /num_heads 2 and num_attention_heads 4/,
    ],
    [
      "a trained length where it is not read",
      { ...qwen, original_max_position_embeddings: 16, rope_scaling: { type: "yarn", factor: 4 } },
      /original_max_position_embeddings beside rope_scaling/,
    ],
    ["another projector", { ...flat, mm_projector_type: "stp" }, /mm_projector_type/],
    [
      "patches that are not square",
      { ...nested, vision_config: { ...vision, patch_size: [4, 2] } },
      /square, found 4 x 2/,
    ],
    ["not an object", ["smolvlm"] as object, /expected a JSON object, found an array/],
  ])("%s", (_, config, message) => {
    const parse = (): unknown => parseCheckpointConfig(config);
    expect(parse).toThrow(ConfigError);
    expect(parse).toThrow(message);
  });

  test("what changes no number is not", () => {
    const windows = { use_sliding_window: true, sliding_window: null };
    for (const keys of [windows, { use_sliding_window: true, max_window_layers: 2 }, { attention_bias: true }])
      expect(parseCheckpointConfig({ ...flat, ...keys }).config.layers).toBe(2);
    const many = { pad_token_id: 128_002, bos_token_id: 1, use_cache: false, attention_dropout: 0.1, torch_dtype: "x" };
    expect(parseCheckpointConfig({ ...smol, ...many }).config).toEqual(parseCheckpointConfig(smol).config);
    expect(parseCheckpointConfig({ ...qwen, quantization_config: null }).config.family).toBe("qwen2-vl");
    expect(
      parseCheckpointConfig({ ...nested, vision_config: { ...vision, patch_size: [4, 4] } }).config.vision.patchSize,
    ).toBe(4);
  });

  test("a base of the encoder's angles is computed, and so is YaRN's longer context", () => {
    const based = { ...nested, vision_config: { ...vision, rope_parameters: { rope_theta: 500 } } };
    expect(parseCheckpointConfig(based).config.vision.ropeTheta).toBe(500);
    const long = { ...flat, max_position_embeddings: 100, rope_scaling: { type: "yarn", factor: 4 } };
    expect(parseCheckpointConfig(long).config.maxPositions).toBe(400);
  });
});
