import { z } from "zod";
import { isQwenVl, resolveConfig, type VideoLlmConfig } from "../config/config.js";
import type { Naming } from "../config/naming.js";
import { ConfigError } from "../errors.js";
import { formatLanguage, languageSchema, languageSizes } from "./checkpoint-language.js";
import type { CheckpointConfig, ConfigTokenIds } from "./config-contents.js";
import { formatQwenVlConfig, isQwenVlType, parseQwenVlConfig } from "./qwen-vl-checkpoint-config.js";

const size = z.int().positive();
const visionSchema = z.looseObject({
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_channels: size.default(3),
  patch_size: size,
  layer_norm_eps: z.number().positive().default(1e-6),
  image_size: size.optional(),
  hidden_act: z.literal("gelu_pytorch_tanh").default("gelu_pytorch_tanh"),
});
const originalSchema = languageSchema.extend({
  vision_encoder_config: visionSchema,
  mm_projector_type: z.literal("mlp2x_gelu").default("mlp2x_gelu"),
  use_token_compression: z.boolean().nullish(),
});
const huggingFaceSchema = z.looseObject({
  text_config: languageSchema,
  vision_config: visionSchema,
  tie_word_embeddings: z.boolean().optional(),
  scale_factor: size.optional(),
});

/**
 * Reads a parsed config.json of a checkpoint. `smolvlm` is SmolVLM2's. VideoLLaMA3's is `videollama3_qwen2` with flat
 * fields (DAMO-NLP-SG/VideoLLaMA3), or `video_llama_3` with `text_config` and `vision_config` (transformers >= 4.57).
 * `qwen2_vl` and `qwen2_5_vl` have the decoder's fields flat (as Qwen published them) or in `text_config` (transformers 5).
 *
 * @throws ConfigError naming each field that is missing or of the wrong kind.
 */
export function parseCheckpointConfig(json: unknown, file = "config.json"): CheckpointConfig {
  const object = z.looseObject({ model_type: z.string().optional() }).safeParse(json);
  if (!object.success) throw new ConfigError(`${file}: expected a JSON object, found ${typeof json}`);
  const naming: Naming = "text_config" in object.data ? "huggingface" : "original";
  if (isQwenVlType(object.data.model_type)) return { naming, ...parseQwenVlConfig(object.data, file) };
  const schema = naming === "huggingface" ? huggingFaceSchema : originalSchema;
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const type = object.data.model_type ?? "(no model_type)";
    throw new ConfigError(
      `${file}: expected the config of a VideoLLaMA3, SmolVLM2, Qwen2-VL or Qwen2.5-VL model, found ${type} where\n${z.prettifyError(parsed.error)}`,
    );
  }
  const data = parsed.data as z.output<typeof originalSchema> & z.output<typeof huggingFaceSchema>;
  const language = naming === "huggingface" ? data.text_config : data;
  const vision = naming === "huggingface" ? data.vision_config : data.vision_encoder_config;
  const tied = data.tie_word_embeddings || language.tie_word_embeddings || false;
  const ids = ["image_token_index", "image_token_id", "video_token_id"].map((key) => (data as never)[key] as unknown);
  const small = object.data.model_type === "smolvlm";
  const config = resolveConfig({
    family: small ? "smolvlm2" : "videollama3",
    ...(small && data.scale_factor !== undefined ? { mergeSize: data.scale_factor } : {}),
    ...languageSizes(language),
    tieWordEmbeddings: tied,
    useTokenCompression: naming === "huggingface" ? !small : (data.use_token_compression ?? false),
    vision: {
      hiddenSize: vision.hidden_size,
      intermediateSize: vision.intermediate_size,
      layers: vision.num_hidden_layers,
      heads: vision.num_attention_heads,
      patchSize: vision.patch_size,
      channels: vision.num_channels,
      layerNormEps: vision.layer_norm_eps,
      ...(vision.image_size === undefined ? {} : { imageSize: vision.image_size }),
    },
  });
  return { config, naming, visualTokenIds: ids.filter((id): id is number => typeof id === "number") };
}

/** Writes config.json in either layout; `parseCheckpointConfig` reads it back to the same sizes. */
export function formatCheckpointConfig(config: VideoLlmConfig, naming: Naming, ids: ConfigTokenIds): object {
  const language = formatLanguage(config, ids.end);
  const vision = {
    hidden_size: config.vision.hiddenSize,
    intermediate_size: config.vision.intermediateSize,
    num_hidden_layers: config.vision.layers,
    num_attention_heads: config.vision.heads,
    num_channels: config.vision.channels,
    patch_size: config.vision.patchSize,
    layer_norm_eps: config.vision.layerNormEps,
    hidden_act: "gelu_pytorch_tanh",
  };
  if (isQwenVl(config)) return formatQwenVlConfig(config, naming, ids);
  if (config.family === "smolvlm2") {
    return {
      model_type: "smolvlm",
      architectures: ["SmolVLMForConditionalGeneration"],
      image_token_id: ids.image,
      scale_factor: config.mergeSize,
      tie_word_embeddings: config.tieWordEmbeddings,
      text_config: { model_type: "llama", ...language },
      vision_config: { model_type: "smolvlm_vision", image_size: config.vision.imageSize, ...vision },
    };
  }
  if (naming === "huggingface") {
    return {
      model_type: "video_llama_3",
      architectures: ["VideoLlama3ForConditionalGeneration"],
      image_token_id: ids.image,
      video_token_id: ids.video,
      tie_word_embeddings: config.tieWordEmbeddings,
      text_config: { model_type: "qwen2", ...language },
      vision_config: { model_type: "video_llama_3_vision", ...vision },
    };
  }
  return {
    model_type: "videollama3_qwen2",
    architectures: ["Videollama3Qwen2ForCausalLM"],
    ...language,
    image_token_index: ids.image,
    ...(ids.video === ids.image ? {} : { video_token_id: ids.video }),
    mm_projector_type: "mlp2x_gelu",
    use_token_compression: config.useTokenCompression,
    vision_encoder_config: { model_type: "videollama3_vision_encoder", ...vision },
  };
}
