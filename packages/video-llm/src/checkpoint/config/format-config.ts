import type { VideoLlmConfig } from "../../config/config.js";
import type { Naming } from "../../config/naming.js";
import type { ConfigTokenIds } from "./config-contents.js";
import { formatDecoder } from "./decoder-fields.js";
import { formatVision } from "./vision-fields.js";

const QWEN_TYPES = {
  "qwen2-vl": { type: "qwen2_vl", model: "Qwen2VLForConditionalGeneration" },
  "qwen2.5-vl": { type: "qwen2_5_vl", model: "Qwen2_5_VLForConditionalGeneration" },
  "qwen3-vl": { type: "qwen3_vl", model: "Qwen3VLForConditionalGeneration" },
} as const;

/** Writes config.json in either layout; `parseCheckpointConfig` reads it back to the same sizes. */
export function formatCheckpointConfig(config: VideoLlmConfig, naming: Naming, ids: ConfigTokenIds): object {
  const language = formatDecoder(config, ids.end);
  const vision = formatVision(config);
  const { family } = config;
  if (family === "smolvlm2") {
    return {
      model_type: "smolvlm",
      architectures: ["SmolVLMForConditionalGeneration"],
      image_token_id: ids.image,
      scale_factor: config.mergeSize,
      tie_word_embeddings: config.tieWordEmbeddings,
      text_config: { model_type: "llama", ...language },
      vision_config: { model_type: "smolvlm_vision", ...vision },
    };
  }
  if (family !== "videollama3") {
    const { type, model } = QWEN_TYPES[family];
    const flat = naming === "original" && family !== "qwen3-vl";
    return {
      model_type: type,
      architectures: [model],
      image_token_id: ids.image,
      video_token_id: ids.video,
      ...(ids.markers && { vision_start_token_id: ids.markers[0], vision_end_token_id: ids.markers[1] }),
      ...(flat ? language : { text_config: { model_type: `${type}_text`, ...language } }),
      tie_word_embeddings: config.tieWordEmbeddings,
      vision_config: { model_type: flat ? type : `${type}_vision`, ...vision },
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
