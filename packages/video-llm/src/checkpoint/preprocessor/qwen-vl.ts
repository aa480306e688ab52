import type { VideoLlmConfig } from "../../config/config.js";
import type { PreprocessorConfig } from "../../vision/preprocessor-config.js";
import { QWEN_VL_PREPROCESSOR, QWEN3_VL_PREPROCESSOR } from "../../vision/qwen-vl-published.js";
import {
  imageAndVideo,
  type ProcessorFile,
  type ProcessorFiles,
  pixelLimits,
  pixelStatistics,
  readProcessorFile,
} from "./processor-file.js";

const BICUBIC = 3;

/**
 * Reads how images and videos become patches. A checkpoint without settings for videos, as Qwen publishes Qwen2-VL and
 * Qwen2.5-VL, gets qwen-vl-utils' values, which the models were trained with.
 *
 * @throws ConfigError naming each field that does not fit, or that contradicts config.json.
 */
export function parseQwenVlPreprocessor(files: ProcessorFiles, config: VideoLlmConfig): PreprocessorConfig {
  const read = (json: unknown, file: string): ProcessorFile => {
    const { patchSize, temporalPatchSize } = config.vision;
    const expected = { patch_size: patchSize, merge_size: config.mergeSize, temporal_patch_size: temporalPatchSize };
    return readProcessorFile(json, file, expected, BICUBIC);
  };
  const given = imageAndVideo(files);
  const image = read(given.image ?? {}, "preprocessor_config.json");
  const video = given.video === null ? null : read(given.video, "video_preprocessor_config.json");
  const published = (
    config.family === "qwen3-vl" ? QWEN3_VL_PREPROCESSOR : QWEN_VL_PREPROCESSOR
  ) as Required<PreprocessorConfig>;
  const perToken = pixelsPerToken(config);
  const tokens = (pixels: number | undefined): number | undefined => pixels && pixels / perToken;
  const [ofImages, ofVideos] = [pixelLimits(image), pixelLimits(video ?? {})];
  const whole = published.video.wholeVideo === true;
  return {
    patchSize: config.vision.patchSize,
    mergeSize: config.mergeSize,
    minTokens: tokens(ofImages.least) ?? published.minTokens,
    maxTokens: tokens(ofImages.most) ?? published.maxTokens,
    ...pixelStatistics(image, video, published),
    video: {
      minTokens: tokens(ofVideos.least) ?? published.video.minTokens,
      maxTokens: tokens(ofVideos.most) ?? published.video.maxTokens,
      contextTokens: video?.max_video_tokens ?? published.video.contextTokens,
      ...(whole ? { wholeVideo: true } : {}),
    },
  };
}

const CLASSES = {
  "qwen2-vl": { processor: "Qwen2VLProcessor", video: "Qwen2VLVideoProcessor" },
  "qwen2.5-vl": { processor: "Qwen2_5_VLProcessor", video: "Qwen2VLVideoProcessor" },
  "qwen3-vl": { processor: "Qwen3VLProcessor", video: "Qwen3VLVideoProcessor" },
};

/** Writes preprocessor_config.json and video_preprocessor_config.json; `parseQwenVlPreprocessor` reads them back. */
export function formatQwenVlPreprocessor(
  preprocessor: PreprocessorConfig,
  config: VideoLlmConfig,
): Record<string, object> {
  const { minTokens, maxTokens, imageMean, imageStd, video } = preprocessor;
  const perToken = pixelsPerToken(config);
  const classes = CLASSES[config.family as keyof typeof CLASSES];
  const shared = {
    patch_size: config.vision.patchSize,
    temporal_patch_size: config.vision.temporalPatchSize,
    merge_size: config.mergeSize,
    image_mean: imageMean,
    image_std: imageStd,
  };
  // Read by `size` and by the two older names.
  const limits = (least: number, most: number): object => ({
    min_pixels: least * perToken,
    max_pixels: most * perToken,
    size: { shortest_edge: least * perToken, longest_edge: most * perToken },
  });
  return {
    "preprocessor_config.json": {
      image_processor_type: "Qwen2VLImageProcessor",
      processor_class: classes.processor,
      ...shared,
      ...limits(minTokens, maxTokens),
    },
    ...(video && {
      "video_preprocessor_config.json": {
        video_processor_type: classes.video,
        processor_class: classes.processor,
        ...shared,
        ...limits(video.minTokens, video.maxTokens),
        max_video_tokens: video.contextTokens,
      },
    }),
  };
}

const pixelsPerToken = (config: VideoLlmConfig): number => (config.vision.patchSize * config.mergeSize) ** 2;
