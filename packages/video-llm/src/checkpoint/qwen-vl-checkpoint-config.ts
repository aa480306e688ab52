import { z } from "zod";
import { resolveConfig, type VideoLlmConfig } from "../config/config.js";
import type { Naming } from "../config/naming.js";
import { ConfigError } from "../errors.js";
import { formatLanguage, languageSchema, languageSizes } from "./checkpoint-language.js";
import type { CheckpointConfig, ConfigTokenIds } from "./config-contents.js";

const size = z.int().positive();
const ropeSchema = z.looseObject({
  type: z.enum(["mrope", "default"]).optional(),
  rope_type: z.enum(["mrope", "default"]).optional(),
  rope_theta: z.number().positive().optional(),
  mrope_section: z.array(z.int().nonnegative()).length(3).optional(),
});
const decoderSchema = languageSchema.extend({
  rope_scaling: ropeSchema.nullish(),
  rope_parameters: ropeSchema.nullish(),
  rms_norm_eps: z.number().positive().default(1e-5),
  use_sliding_window: z.literal(false).nullish(),
});
const sharedVision = z.looseObject({
  depth: size,
  num_heads: size,
  in_channels: size.default(3),
  patch_size: size,
  spatial_merge_size: size.default(2),
  temporal_patch_size: size.default(2),
});
const sharedSizes = (vision: z.output<typeof sharedVision>) => ({
  layers: vision.depth,
  heads: vision.num_heads,
  patchSize: vision.patch_size,
  channels: vision.in_channels,
  temporalPatchSize: vision.temporal_patch_size,
});

/** By `model_type`: what vision_config says, with the width the patch merger ends in. */
const visionSchemas = {
  qwen2_vl: sharedVision
    .extend({
      embed_dim: size,
      mlp_ratio: z.number().positive().default(4),
      hidden_size: size,
      hidden_act: z.literal("quick_gelu").default("quick_gelu"),
    })
    .transform((vision) => ({
      mergedWidth: vision.hidden_size,
      mergeSize: vision.spatial_merge_size,
      sizes: {
        ...sharedSizes(vision),
        hiddenSize: vision.embed_dim,
        intermediateSize: Math.trunc(vision.embed_dim * vision.mlp_ratio),
      },
    })),
  qwen2_5_vl: sharedVision
    .extend({
      hidden_size: size,
      intermediate_size: size,
      out_hidden_size: size,
      hidden_act: z.literal("silu").default("silu"),
      window_size: size.default(112),
      fullatt_block_indexes: z.array(z.int().nonnegative()).default([7, 15, 23, 31]),
      tokens_per_second: size.default(4),
    })
    .transform((vision) => ({
      mergedWidth: vision.out_hidden_size,
      mergeSize: vision.spatial_merge_size,
      sizes: {
        ...sharedSizes(vision),
        hiddenSize: vision.hidden_size,
        intermediateSize: vision.intermediate_size,
        windowSize: vision.window_size,
        fullAttentionLayers: vision.fullatt_block_indexes,
        tokensPerSecond: vision.tokens_per_second,
      },
    })),
};
type ModelType = keyof typeof visionSchemas;

const FAMILIES = { qwen2_vl: "qwen2-vl", qwen2_5_vl: "qwen2.5-vl" } as const;

/** Whether a config.json's `model_type` is Qwen2-VL's or Qwen2.5-VL's. */
export const isQwenVlType = (type: string | undefined): type is ModelType => type !== undefined && type in FAMILIES;

/** Reads a config.json whose `model_type` is one of `isQwenVlType`. @throws ConfigError naming each field that does not fit */
export function parseQwenVlConfig(
  json: Readonly<Record<string, unknown>>,
  file: string,
): Pick<CheckpointConfig, "config" | "visualTokenIds"> {
  const type = json.model_type as ModelType;
  const family = FAMILIES[type];
  const fail = (problem: string): never => {
    throw new ConfigError(`${file}: expected the config of a ${type} model, found\n${problem}`);
  };
  const fields = <T>(schema: z.ZodType<T>, value: unknown): T => {
    const parsed = schema.safeParse(value);
    return parsed.success ? parsed.data : fail(z.prettifyError(parsed.error));
  };
  const language = fields(decoderSchema, json.text_config ?? json);
  const { vision_config: visionJson } = fields(z.looseObject({ vision_config: z.unknown() }), json);
  const { mergedWidth, mergeSize, sizes } = fields<z.output<(typeof visionSchemas)[ModelType]>>(
    visionSchemas[type],
    visionJson,
  );
  if (mergedWidth !== language.hidden_size) {
    fail(`vision_config that merges to ${mergedWidth} features for a decoder of hidden_size ${language.hidden_size}`);
  }
  const rope = language.rope_parameters ?? language.rope_scaling;
  const config = resolveConfig({
    family,
    ...languageSizes(language),
    ...(rope?.rope_theta === undefined ? {} : { ropeTheta: rope.rope_theta }),
    ...(rope?.mrope_section === undefined ? {} : { mropeSections: rope.mrope_section }),
    tieWordEmbeddings: Boolean(json.tie_word_embeddings) || language.tie_word_embeddings === true,
    useTokenCompression: false,
    mergeSize,
    vision: sizes,
  });
  const ids = [json.image_token_id, json.video_token_id].filter((id): id is number => typeof id === "number");
  return { config, visualTokenIds: ids };
}

/** Writes config.json in either layout; `parseQwenVlConfig` reads it back to the same sizes. */
export function formatQwenVlConfig(config: VideoLlmConfig, naming: Naming, ids: ConfigTokenIds): object {
  const first = config.family === "qwen2-vl";
  const type: ModelType = first ? "qwen2_vl" : "qwen2_5_vl";
  const { vision } = config;
  const { head_dim: _, rope_theta, ...language } = formatLanguage(config, ids.end);
  const sections = { mrope_section: config.mropeSections };
  const rope =
    naming === "original"
      ? { rope_theta, rope_scaling: { type: "mrope", ...sections } }
      : { rope_parameters: { rope_type: "default", rope_theta, ...sections } };
  const shared = {
    model_type: naming === "original" ? type : `${type}_vision`,
    depth: vision.layers,
    num_heads: vision.heads,
    in_channels: vision.channels,
    patch_size: vision.patchSize,
    spatial_merge_size: config.mergeSize,
    temporal_patch_size: vision.temporalPatchSize,
  };
  return {
    model_type: type,
    architectures: [first ? "Qwen2VLForConditionalGeneration" : "Qwen2_5_VLForConditionalGeneration"],
    image_token_id: ids.image,
    video_token_id: ids.video,
    ...(ids.markers && { vision_start_token_id: ids.markers[0], vision_end_token_id: ids.markers[1] }),
    tie_word_embeddings: config.tieWordEmbeddings,
    ...(naming === "original"
      ? { ...language, ...rope }
      : { text_config: { model_type: `${type}_text`, ...language, ...rope } }),
    vision_config: first
      ? {
          ...shared,
          embed_dim: vision.hiddenSize,
          mlp_ratio: vision.intermediateSize / vision.hiddenSize,
          hidden_size: config.hiddenSize,
          hidden_act: "quick_gelu",
        }
      : {
          ...shared,
          hidden_size: vision.hiddenSize,
          intermediate_size: vision.intermediateSize,
          out_hidden_size: config.hiddenSize,
          hidden_act: "silu",
          window_size: vision.windowSize,
          fullatt_block_indexes: vision.fullAttentionLayers,
          tokens_per_second: vision.tokensPerSecond,
        },
  };
}
