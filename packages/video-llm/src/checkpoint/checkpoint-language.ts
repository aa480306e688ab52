import { z } from "zod";
import type { VideoLlmConfig } from "../config/config.js";

const size = z.int().positive();

/** The decoder's fields of config.json, as Qwen2 and Llama name them. */
export const languageSchema = z.looseObject({
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: size,
  head_dim: size.nullish(),
  rms_norm_eps: z.number().positive().default(1e-6),
  rope_theta: z.number().positive().optional(),
  rope_parameters: z.looseObject({ rope_theta: z.number().positive().optional() }).nullish(),
  tie_word_embeddings: z.boolean().optional(),
  max_position_embeddings: size.default(32_768),
});

/** The decoder's sizes that those fields state. */
export const languageSizes = (language: z.output<typeof languageSchema>) => ({
  vocabularySize: language.vocab_size,
  hiddenSize: language.hidden_size,
  intermediateSize: language.intermediate_size,
  layers: language.num_hidden_layers,
  heads: language.num_attention_heads,
  keyValueHeads: language.num_key_value_heads,
  headSize: language.head_dim ?? language.hidden_size / language.num_attention_heads,
  rmsNormEps: language.rms_norm_eps,
  ropeTheta: language.rope_theta ?? language.rope_parameters?.rope_theta ?? 1_000_000,
  maxPositions: language.max_position_embeddings,
});

/** The fields that state a model's decoder. @param end tokens that end a completion */
export const formatLanguage = (config: VideoLlmConfig, end: readonly number[]) => ({
  vocab_size: config.vocabularySize,
  hidden_size: config.hiddenSize,
  intermediate_size: config.intermediateSize,
  num_hidden_layers: config.layers,
  num_attention_heads: config.heads,
  num_key_value_heads: config.keyValueHeads,
  head_dim: config.headSize,
  hidden_act: "silu",
  rms_norm_eps: config.rmsNormEps,
  rope_theta: config.ropeTheta,
  tie_word_embeddings: config.tieWordEmbeddings,
  max_position_embeddings: config.maxPositions,
  eos_token_id: end[0],
});
