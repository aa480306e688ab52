import { z } from "zod";
import { ConfigError } from "../errors.js";

/** How frames become patches: what preprocessor_config.json says. */
export interface PreprocessorConfig {
  /** Pixels a patch side. */
  readonly patchSize: number;
  /** Patches a merged token side for videos (2 in VideoLLaMA3). */
  readonly mergeSize: number;
  /** Least merged tokens an image is resized to. */
  readonly minTokens: number;
  /** Most merged tokens a whole video (Qwen-VL: an image) is resized to. */
  readonly maxTokens: number;
  /** Merged tokens of a video's frames, where they have limits of their own (Qwen-VL). */
  readonly video?: VideoTokenLimits;
  /** Subtracted from pixels / 255, per channel. */
  readonly imageMean: readonly number[];
  /** Divides what is left, per channel. */
  readonly imageStd: readonly number[];
}

/** How large the frames of a video become, in merged tokens. */
export interface VideoTokenLimits {
  /** Least of a frame. */
  readonly minTokens: number;
  /** Most of a frame. */
  readonly maxTokens: number;
  /** Context the frames share: each pair gets an even part of 90 % of it. */
  readonly contextTokens: number;
}

/** VideoLLaMA3's published values. */
export const DEFAULT_PREPROCESSOR: PreprocessorConfig = {
  patchSize: 14,
  mergeSize: 2,
  minTokens: 16,
  maxTokens: 16_384,
  imageMean: [0.5, 0.5, 0.5],
  imageStd: [0.5, 0.5, 0.5],
};

const schema = z.looseObject({
  patch_size: z.int().positive().default(14),
  video_merge_size: z.int().positive().optional(),
  merge_size: z.int().positive().optional(),
  min_tokens: z.int().positive().optional(),
  max_tokens: z.int().positive().optional(),
  size: z
    .looseObject({ shortest_edge: z.number().positive().optional(), longest_edge: z.number().positive().optional() })
    .nullish(),
  image_mean: z.array(z.number()).length(3).default([0.5, 0.5, 0.5]),
  image_std: z.array(z.number().positive()).length(3).default([0.5, 0.5, 0.5]),
});

/**
 * Reads a parsed preprocessor_config.json (or Hugging Face's video_preprocessor_config.json, whose `size` counts pixels).
 * The authors' file has no merge size for videos: their code uses 2.
 *
 * @throws ConfigError naming each field that does not fit.
 */
export function parsePreprocessorConfig(json: unknown, file = "preprocessor_config.json"): PreprocessorConfig {
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new ConfigError(`${file}: ${z.prettifyError(parsed.error)}`);
  const data = parsed.data;
  const mergeSize = data.video_merge_size ?? (data.min_tokens === undefined ? data.merge_size : undefined) ?? 2;
  const pixelsPerToken = (data.patch_size * mergeSize) ** 2;
  const fromPixels = (pixels: number | undefined): number | undefined =>
    pixels === undefined ? undefined : Math.max(1, Math.round(pixels / pixelsPerToken));
  return {
    patchSize: data.patch_size,
    mergeSize,
    minTokens: data.min_tokens ?? fromPixels(data.size?.shortest_edge) ?? DEFAULT_PREPROCESSOR.minTokens,
    maxTokens: data.max_tokens ?? fromPixels(data.size?.longest_edge) ?? DEFAULT_PREPROCESSOR.maxTokens,
    imageMean: data.image_mean,
    imageStd: data.image_std,
  };
}

/** Writes preprocessor_config.json; `parsePreprocessorConfig` reads it back to the same values. */
export const formatPreprocessorConfig = (config: PreprocessorConfig): object => ({
  image_processor_type: "Videollama3ImageProcessor",
  patch_size: config.patchSize,
  video_merge_size: config.mergeSize,
  min_tokens: config.minTokens,
  max_tokens: config.maxTokens,
  image_mean: config.imageMean,
  image_std: config.imageStd,
});
