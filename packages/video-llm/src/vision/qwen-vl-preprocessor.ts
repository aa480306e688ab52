import { z } from "zod";
import type { VideoLlmConfig } from "../config/config.js";
import { ConfigError } from "../errors.js";
import type { PreprocessorConfig } from "./preprocessor-config.js";

/** Qwen2-VL's and Qwen2.5-VL's published values for images, and qwen-vl-utils' for videos. */
export const QWEN_VL_PREPROCESSOR: PreprocessorConfig = {
  patchSize: 14,
  mergeSize: 2,
  minTokens: 4,
  maxTokens: 16_384,
  imageMean: [0.48145466, 0.4578275, 0.40821073],
  imageStd: [0.26862954, 0.26130258, 0.27577711],
  video: { minTokens: 128, maxTokens: 768, contextTokens: 128_000 },
};

const pixels = () => z.number().positive().nullish();
const schema = z.looseObject({
  patch_size: z.int().positive().optional(),
  merge_size: z.int().positive().optional(),
  temporal_patch_size: z.int().positive().optional(),
  min_pixels: pixels(),
  max_pixels: pixels(),
  size: z.looseObject({ shortest_edge: pixels(), longest_edge: pixels() }).nullish(),
  max_video_tokens: z.number().positive().optional(),
  image_mean: z
    .array(z.number())
    .length(3)
    .default([...QWEN_VL_PREPROCESSOR.imageMean]),
  image_std: z
    .array(z.number().positive())
    .length(3)
    .default([...QWEN_VL_PREPROCESSOR.imageStd]),
});
type ProcessorFile = z.output<typeof schema>;

/** The files of a checkpoint that say how pixels become patches, parsed; null where there is none. */
export interface QwenVlProcessorFiles {
  /** preprocessor_config.json: images. */
  readonly image: unknown;
  /** video_preprocessor_config.json. */
  readonly video: unknown;
  /** processor_config.json of transformers 5, which holds the two above as `image_processor` and `video_processor`. */
  readonly processor: unknown;
}

/**
 * Reads how images and videos become patches. A checkpoint without settings for videos, as Qwen publishes them, gets
 * qwen-vl-utils' values, which the models were trained with.
 *
 * @throws ConfigError naming each field that does not fit, or that contradicts config.json.
 */
export function parseQwenVlPreprocessor(files: QwenVlProcessorFiles, config: VideoLlmConfig): PreprocessorConfig {
  const nested = (files.processor ?? {}) as { image_processor?: unknown; video_processor?: unknown };
  const image = read(files.image ?? nested.image_processor ?? {}, "preprocessor_config.json", config);
  const ownVideo = files.video ?? nested.video_processor ?? null;
  const video = ownVideo === null ? null : read(ownVideo, "video_preprocessor_config.json", config);
  const { minTokens, maxTokens, video: published } = QWEN_VL_PREPROCESSOR as Required<PreprocessorConfig>;
  const perToken = pixelsPerToken(config);
  return {
    patchSize: config.vision.patchSize,
    mergeSize: config.mergeSize,
    minTokens: least(image, perToken) ?? minTokens,
    maxTokens: most(image, perToken) ?? maxTokens,
    imageMean: image.image_mean,
    imageStd: image.image_std,
    video: {
      minTokens: (video && least(video, perToken)) ?? published.minTokens,
      maxTokens: (video && most(video, perToken)) ?? published.maxTokens,
      contextTokens: video?.max_video_tokens ?? published.contextTokens,
    },
  };
}

/** Writes preprocessor_config.json and video_preprocessor_config.json; `parseQwenVlPreprocessor` reads them back. */
export function formatQwenVlPreprocessor(
  preprocessor: PreprocessorConfig,
  config: VideoLlmConfig,
): Record<string, object> {
  const { minTokens, maxTokens, imageMean, imageStd, video } = preprocessor;
  const perToken = pixelsPerToken(config);
  const shared = {
    patch_size: config.vision.patchSize,
    temporal_patch_size: config.vision.temporalPatchSize,
    merge_size: config.mergeSize,
    image_mean: imageMean,
    image_std: imageStd,
  };
  const limits = (least: number, most: number): object => ({
    min_pixels: least * perToken,
    max_pixels: most * perToken,
  });
  return {
    "preprocessor_config.json": {
      image_processor_type: "Qwen2VLImageProcessor",
      processor_class: config.family === "qwen2-vl" ? "Qwen2VLProcessor" : "Qwen2_5_VLProcessor",
      ...shared,
      ...limits(minTokens, maxTokens),
    },
    ...(video && {
      "video_preprocessor_config.json": {
        video_processor_type: "Qwen2VLVideoProcessor",
        ...shared,
        ...limits(video.minTokens, video.maxTokens),
        max_video_tokens: video.contextTokens,
      },
    }),
  };
}

const pixelsPerToken = (config: VideoLlmConfig): number => (config.vision.patchSize * config.mergeSize) ** 2;

function read(json: unknown, file: string, config: VideoLlmConfig): ProcessorFile {
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new ConfigError(`${file}: ${z.prettifyError(parsed.error)}`);
  const expected = {
    patch_size: config.vision.patchSize,
    merge_size: config.mergeSize,
    temporal_patch_size: config.vision.temporalPatchSize,
  };
  for (const [name, size] of Object.entries(expected)) {
    const found = parsed.data[name];
    if (found === undefined || found === size) continue;
    throw new ConfigError(
      `${file}: expected ${name} ${size} as config.json has it, found ${found}; take both from one checkpoint`,
    );
  }
  return parsed.data;
}

function least({ min_pixels, size }: ProcessorFile, perToken: number): number | undefined {
  const pixels = min_pixels ?? size?.shortest_edge;
  return pixels == null ? undefined : pixels / perToken;
}

function most({ max_pixels, size }: ProcessorFile, perToken: number): number | undefined {
  const pixels = max_pixels ?? size?.longest_edge;
  return pixels == null ? undefined : pixels / perToken;
}
