import { z } from "zod";
import type { VideoLlmConfig } from "../../config/config.js";
import { activationOr, positiveOr, sizeOr, unset } from "./field-schemas.js";
import { formatRope, ropeFields, ropeSchema } from "./rope-fields.js";

/** The defaults of a decoder's config class in transformers 5.18, for keys that config.json leaves out. */
interface DecoderClass {
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  /** Null: as many as query heads. */
  readonly num_key_value_heads: number | null;
  readonly head_dim?: number;
  readonly max_position_embeddings: number;
  readonly rms_norm_eps: number;
  readonly rope_theta: number;
  readonly mrope_section?: readonly number[];
  readonly plainRopeTypes: readonly string[];
  /** First layer whose attention may slide; absent where the class knows no windows. */
  readonly max_window_layers?: number;
}

const qwenVlText = {
  vocab_size: 152_064,
  hidden_size: 8192,
  intermediate_size: 29_568,
  num_hidden_layers: 80,
  num_attention_heads: 64,
  num_key_value_heads: 8,
  max_position_embeddings: 32_768,
  rms_norm_eps: 1e-5,
  rope_theta: 1_000_000,
  plainRopeTypes: ["default", "mrope"],
  max_window_layers: 80,
};

const CLASSES = {
  llama: {
    vocab_size: 32_000,
    hidden_size: 4096,
    intermediate_size: 11_008,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: null,
    max_position_embeddings: 2048,
    rms_norm_eps: 1e-6,
    rope_theta: 10_000,
    plainRopeTypes: ["default"],
  },
  qwen2: {
    vocab_size: 151_936,
    hidden_size: 4096,
    intermediate_size: 22_016,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 32,
    max_position_embeddings: 32_768,
    rms_norm_eps: 1e-6,
    rope_theta: 10_000,
    plainRopeTypes: ["default"],
    max_window_layers: 28,
  },
  qwen2_vl_text: qwenVlText,
  qwen2_5_vl_text: qwenVlText,
  qwen3_vl_text: {
    vocab_size: 151_936,
    hidden_size: 4096,
    intermediate_size: 22_016,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 32,
    head_dim: 128,
    max_position_embeddings: 128_000,
    rms_norm_eps: 1e-6,
    rope_theta: 500_000,
    mrope_section: [24, 20, 20],
    plainRopeTypes: ["default", "mrope"],
  },
} satisfies Record<string, DecoderClass>;

/** Config classes of decoders. */
export type DecoderClassName = keyof typeof CLASSES;

function decoderSchema(defaults: DecoderClass) {
  return ropeSchema.extend({
    vocab_size: sizeOr(defaults.vocab_size),
    hidden_size: sizeOr(defaults.hidden_size),
    intermediate_size: sizeOr(defaults.intermediate_size),
    num_hidden_layers: sizeOr(defaults.num_hidden_layers),
    num_attention_heads: sizeOr(defaults.num_attention_heads),
    num_key_value_heads: z.int().positive().nullish(),
    head_dim: z.int().positive().nullish(),
    max_position_embeddings: sizeOr(defaults.max_position_embeddings),
    rms_norm_eps: positiveOr(defaults.rms_norm_eps),
    hidden_act: activationOr("silu"),
    tie_word_embeddings: z.boolean().nullish(),
    use_sliding_window: z.boolean().nullish(),
    sliding_window: z.int().positive().nullish(),
    max_window_layers: z.int().nonnegative().nullish(),
    layer_types: z.array(z.string()).nullish(),
    mlp_bias: unset("an MLP with biases"),
  });
}

/** What config.json says of the decoder, with the defaults of its class in transformers 5.18. */
export function decoderFields(json: unknown, className: DecoderClassName, fail: (problem: string) => never) {
  const defaults: DecoderClass = CLASSES[className];
  const parsed = decoderSchema(defaults).safeParse(json ?? {});
  const fields = parsed.success ? parsed.data : fail(z.prettifyError(parsed.error));
  const windowed = fields.layer_types?.find((type) => type !== "full_attention");
  if (windowed !== undefined) fail(`layer_types with ${windowed}, which is not computed: only full_attention is`);
  const from =
    defaults.max_window_layers === undefined
      ? Number.POSITIVE_INFINITY
      : (fields.max_window_layers ?? defaults.max_window_layers);
  const slides = fields.use_sliding_window === true && fields.sliding_window !== null && fields.layer_types == null;
  if (slides && from < fields.num_hidden_layers) {
    fail(
      `use_sliding_window true from layer ${from} on: attention in a sliding window is not computed; set it to false where prompts fit the window of ${fields.sliding_window ?? 4096} tokens`,
    );
  }
  // Qwen2's own attention has biases whatever the key says; Llama's and Qwen3's obey it.
  if ((className === "llama" || className === "qwen3_vl_text") && fields.attention_bias)
    fail("attention_bias true, which is not computed");
  const { theta, scaling, sections, maxPositions } = ropeFields(
    fields,
    {
      theta: defaults.rope_theta,
      maxPositions: fields.max_position_embeddings,
      plainTypes: defaults.plainRopeTypes,
    },
    fail,
  );
  const heads = fields.num_attention_heads;
  const rotarySections = sections ?? defaults.mrope_section;
  return {
    tied: fields.tie_word_embeddings === true,
    sizes: {
      vocabularySize: fields.vocab_size,
      hiddenSize: fields.hidden_size,
      intermediateSize: fields.intermediate_size,
      layers: fields.num_hidden_layers,
      heads,
      // A null means as many as query heads; only an absent key means the class's number.
      keyValueHeads:
        fields.num_key_value_heads === null
          ? heads
          : (fields.num_key_value_heads ?? defaults.num_key_value_heads ?? heads),
      headSize: fields.head_dim ?? defaults.head_dim ?? Math.floor(fields.hidden_size / heads),
      rmsNormEps: fields.rms_norm_eps,
      ropeTheta: theta,
      ropeScaling: scaling,
      activation: fields.hidden_act,
      maxPositions,
      ...(rotarySections === undefined ? {} : { mropeSections: rotarySections }),
    },
  };
}

/**
 * The fields that state a model's decoder, rotary settings by their old names: transformers 4 knows only those, and 5 reads
 * both.
 *
 * @param end tokens that end a completion
 */
export function formatDecoder(config: VideoLlmConfig, end: readonly number[]) {
  return {
    vocab_size: config.vocabularySize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.keyValueHeads,
    head_dim: config.headSize,
    hidden_act: config.activation,
    rms_norm_eps: config.rmsNormEps,
    ...formatRope(config),
    tie_word_embeddings: config.tieWordEmbeddings,
    max_position_embeddings: config.maxPositions,
    eos_token_id: end[0],
  };
}
