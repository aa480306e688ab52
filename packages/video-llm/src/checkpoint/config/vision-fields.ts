import { z } from "zod";
import type { VideoLlmConfig, VideoLlmConfigInput } from "../../config/config.js";
import { activationOr, layersOr, positiveOr, sideOr, sizeOr } from "./field-schemas.js";
import { ropeFields, ropeSchema } from "./rope-fields.js";

type Family = VideoLlmConfig["family"];
/** What config.json says of the vision encoder. */
export interface VisionFields {
  /** Its sizes. */
  readonly sizes: VideoLlmConfigInput["vision"];
  /** Width its patch merger ends in, which must be the decoder's; undefined where the projector follows the decoder. */
  readonly mergedWidth?: number;
  /** Patches merged into a token along each side, where vision_config says so. */
  readonly mergeSize?: number;
}

const siglip = (defaults: { hidden: number; heads: number; patch: number; image?: number }) =>
  ropeSchema
    .extend({
      hidden_size: sizeOr(defaults.hidden),
      intermediate_size: sizeOr(3072),
      num_hidden_layers: sizeOr(12),
      num_attention_heads: sizeOr(defaults.heads),
      num_channels: sizeOr(3),
      patch_size: sideOr(defaults.patch),
      image_size: sideOr(defaults.image ?? 384),
      layer_norm_eps: positiveOr(1e-6),
      hidden_act: activationOr("gelu_pytorch_tanh"),
    })
    .transform((vision) => ({
      rope: vision,
      sizes: {
        hiddenSize: vision.hidden_size,
        intermediateSize: vision.intermediate_size,
        layers: vision.num_hidden_layers,
        heads: vision.num_attention_heads,
        channels: vision.num_channels,
        patchSize: vision.patch_size,
        layerNormEps: vision.layer_norm_eps,
        activation: vision.hidden_act,
        temporalPatchSize: 1,
        ...(defaults.image === undefined ? {} : { imageSize: vision.image_size }),
      },
    }));

const qwenShared = ropeSchema.extend({
  in_channels: sizeOr(3),
  patch_size: sideOr(14),
  spatial_merge_size: sizeOr(2),
  temporal_patch_size: sideOr(2),
  num_heads: z.int().positive().nullish(),
  num_attention_heads: z.int().positive().nullish(),
});
const sharedSizes = (vision: z.output<typeof qwenShared>) => ({
  heads: vision.num_heads ?? vision.num_attention_heads ?? 16,
  channels: vision.in_channels,
  patchSize: vision.patch_size,
  temporalPatchSize: vision.temporal_patch_size,
  layerNormEps: 1e-6,
});

/** By family, with the defaults of the config classes of transformers 5.18 (VideoLLaMA3: also the authors'). */
const SCHEMAS = {
  videollama3: siglip({ hidden: 768, heads: 12, patch: 16 }),
  smolvlm2: siglip({ hidden: 1152, heads: 16, patch: 32, image: 224 }),
  "qwen2-vl": qwenShared
    .extend({
      depth: sizeOr(32),
      embed_dim: sizeOr(1280),
      hidden_size: sizeOr(3584),
      mlp_ratio: positiveOr(4),
      hidden_act: activationOr("quick_gelu"),
    })
    .transform((vision) => ({
      rope: vision,
      mergedWidth: vision.hidden_size,
      mergeSize: vision.spatial_merge_size,
      sizes: {
        ...sharedSizes(vision),
        layers: vision.depth,
        hiddenSize: vision.embed_dim,
        intermediateSize: Math.trunc(vision.embed_dim * vision.mlp_ratio),
        activation: vision.hidden_act,
      },
    })),
  "qwen2.5-vl": qwenShared
    .extend({
      depth: sizeOr(32),
      hidden_size: sizeOr(3584),
      intermediate_size: sizeOr(3420),
      out_hidden_size: sizeOr(3584),
      hidden_act: activationOr("silu"),
      window_size: sizeOr(112),
      fullatt_block_indexes: layersOr([7, 15, 23, 31]),
      tokens_per_second: sizeOr(4),
    })
    .transform((vision) => ({
      rope: vision,
      mergedWidth: vision.out_hidden_size,
      mergeSize: vision.spatial_merge_size,
      sizes: {
        ...sharedSizes(vision),
        layers: vision.depth,
        hiddenSize: vision.hidden_size,
        intermediateSize: vision.intermediate_size,
        activation: vision.hidden_act,
        windowSize: vision.window_size,
        fullAttentionLayers: vision.fullatt_block_indexes.filter((layer) => layer < vision.depth),
        tokensPerSecond: vision.tokens_per_second,
      },
    })),
  "qwen3-vl": qwenShared
    .extend({
      depth: sizeOr(27),
      hidden_size: sizeOr(1152),
      intermediate_size: sizeOr(4304),
      out_hidden_size: sizeOr(3584),
      hidden_act: activationOr("gelu_pytorch_tanh"),
      patch_size: sideOr(16),
      num_position_embeddings: sizeOr(2304),
      deepstack_visual_indexes: layersOr([8, 16, 24]),
    })
    .transform((vision) => ({
      rope: vision,
      mergedWidth: vision.out_hidden_size,
      mergeSize: vision.spatial_merge_size,
      sizes: {
        ...sharedSizes(vision),
        layers: vision.depth,
        hiddenSize: vision.hidden_size,
        intermediateSize: vision.intermediate_size,
        activation: vision.hidden_act,
        positionEmbeddings: vision.num_position_embeddings,
        deepstackLayers: vision.deepstack_visual_indexes,
      },
    })),
};

/** Reads vision_config (VideoLLaMA3's authors: vision_encoder_config). */
export function visionFields(json: unknown, family: Family, fail: (problem: string) => never): VisionFields {
  const schema: z.ZodType<VisionFields & { readonly rope: z.output<typeof ropeSchema> }> = SCHEMAS[family];
  const parsed = schema.safeParse(json ?? {});
  const { rope, sizes, ...rest } = parsed.success ? parsed.data : fail(z.prettifyError(parsed.error));
  if (sizes.channels !== 3) fail(`pictures of ${sizes.channels} channels, which are not computed: only 3 are`);
  const { num_heads: ours, num_attention_heads: alias } = rope as {
    num_heads?: unknown;
    num_attention_heads?: unknown;
  };
  if (ours != null && alias != null && ours !== alias)
    fail(
      `both num_heads ${ours} and num_attention_heads ${alias}, which are two names of one number; keep one of them`,
    );
  if (family === "smolvlm2") return { ...rest, sizes }; // positions are learned
  const defaults = { theta: 10_000, maxPositions: 1, plainTypes: ["default", "axial"] };
  const { theta, scaling } = ropeFields(rope, defaults, fail);
  if (scaling.type !== "default") fail(`a vision encoder with RoPE of type ${scaling.type}, which is not computed`);
  return { ...rest, sizes: { ...sizes, ropeTheta: theta } };
}

/** The fields of vision_config that `visionFields` reads back to the same sizes. */
export function formatVision(config: VideoLlmConfig): Record<string, unknown> {
  const { vision, family, hiddenSize } = config;
  const rope = vision.ropeTheta === 10_000 ? {} : { rope_theta: vision.ropeTheta };
  if (family === "videollama3" || family === "smolvlm2") {
    return {
      hidden_size: vision.hiddenSize,
      intermediate_size: vision.intermediateSize,
      num_hidden_layers: vision.layers,
      num_attention_heads: vision.heads,
      num_channels: vision.channels,
      patch_size: vision.patchSize,
      layer_norm_eps: vision.layerNormEps,
      hidden_act: vision.activation,
      ...(family === "smolvlm2" ? { image_size: vision.imageSize } : rope),
    };
  }
  const shared = {
    depth: vision.layers,
    num_heads: vision.heads,
    in_channels: vision.channels,
    patch_size: vision.patchSize,
    spatial_merge_size: config.mergeSize,
    temporal_patch_size: vision.temporalPatchSize,
    hidden_act: vision.activation,
    ...rope,
  };
  if (family === "qwen2-vl") {
    const ratio = vision.intermediateSize / vision.hiddenSize;
    return { ...shared, embed_dim: vision.hiddenSize, mlp_ratio: ratio, hidden_size: hiddenSize };
  }
  const sizes = {
    ...shared,
    hidden_size: vision.hiddenSize,
    intermediate_size: vision.intermediateSize,
    out_hidden_size: hiddenSize,
  };
  if (family === "qwen2.5-vl") {
    return {
      ...sizes,
      window_size: vision.windowSize,
      fullatt_block_indexes: vision.fullAttentionLayers,
      tokens_per_second: vision.tokensPerSecond,
    };
  }
  return {
    ...sizes,
    num_position_embeddings: vision.positionEmbeddings,
    deepstack_visual_indexes: vision.deepstackLayers,
  };
}
