import type { VideoLlmConfig } from "../../config/config.js";
import type { Naming } from "../../config/naming.js";
import {
  DEFAULT_PREPROCESSOR,
  type ImageTokenLimits,
  imageLimits,
  type PreprocessorConfig,
} from "../../vision/preprocessor-config.js";
import { QWEN_VL_PREPROCESSOR } from "../../vision/qwen-vl-published.js";
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
 * Reads how VideoLLaMA3 cuts images (merge 1) and videos (merge 2). The authors' one file counts merged tokens and is for both;
 * transformers' two count pixels.
 *
 * @throws ConfigError naming each field that does not fit, or that contradicts config.json.
 */
export function parseVideoLlama3Preprocessor(files: ProcessorFiles, config: VideoLlmConfig): PreprocessorConfig {
  const { patchSize } = config.vision;
  const expected = { patch_size: patchSize, temporal_patch_size: 1 };
  const read = (json: unknown, file: string): ProcessorFile | null =>
    json === null ? null : readProcessorFile(json, file, expected, BICUBIC);
  const given = imageAndVideo(files);
  const image = read(given.image, "preprocessor_config.json");
  const ownVideo = read(given.video, "video_preprocessor_config.json");
  const isAuthors = image !== null && image.min_tokens != null;
  const video = ownVideo ?? image ?? {};
  const mergeSize =
    video.video_merge_size ?? (isAuthors ? undefined : ownVideo?.merge_size) ?? DEFAULT_PREPROCESSOR.mergeSize;
  const { minTokens, maxTokens } = DEFAULT_PREPROCESSOR;
  const ownLimits = { min_tokens: image?.image_min_tokens, max_tokens: image?.image_max_tokens };
  const limits = (file: ProcessorFile, merge: number, absent: Omit<ImageTokenLimits, "mergeSize">) => {
    const toTokens = (pixels: number | undefined): number | undefined =>
      pixels === undefined ? undefined : Math.max(1, Math.round(pixels / (patchSize * merge) ** 2));
    const { least, most } = pixelLimits(file);
    return {
      minTokens: file.min_tokens ?? toTokens(least) ?? absent.minTokens,
      maxTokens: file.max_tokens ?? toTokens(most) ?? absent.maxTokens,
    };
  };
  const imageMerge = image?.merge_size ?? 1;
  return {
    patchSize,
    mergeSize,
    ...limits(video, mergeSize, { minTokens, maxTokens }),
    image: {
      mergeSize: imageMerge,
      ...limits({ ...image, ...withoutNull(ownLimits) }, imageMerge, { minTokens, maxTokens }),
    },
    // The authors' class has CLIP's values for a file that leaves them out; the published files state 0.5.
    ...pixelStatistics(
      image,
      ownVideo,
      image?.image_processor_type === "Videollama3ImageProcessor" ? QWEN_VL_PREPROCESSOR : DEFAULT_PREPROCESSOR,
    ),
  };
}

/** Whether transformers' settings of videos want token compression (their default); undefined in the authors' layout, whose config.json says. */
export function statedCompression(files: ProcessorFiles): boolean | undefined {
  const { video } = imageAndVideo(files) as { video: { readonly use_token_compression?: unknown } | null };
  return typeof video?.use_token_compression === "boolean" ? video.use_token_compression : undefined;
}

const withoutNull = <T extends object>(values: T): Partial<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value != null)) as Partial<T>;

/** Writes the authors' one file, or transformers' two; `parseVideoLlama3Preprocessor` reads them back to the same values. */
export function formatVideoLlama3Preprocessor(
  config: PreprocessorConfig,
  { useTokenCompression }: Pick<VideoLlmConfig, "useTokenCompression">,
  naming: Naming,
): Record<string, object> {
  const { patchSize, mergeSize, minTokens, maxTokens } = config;
  const image = imageLimits(config);
  const shared = { patch_size: patchSize, image_mean: config.imageMean, image_std: config.imageStd };
  if (naming === "original") {
    return {
      "preprocessor_config.json": {
        image_processor_type: "Videollama3ImageProcessor",
        ...shared,
        video_merge_size: mergeSize,
        min_tokens: minTokens,
        max_tokens: maxTokens,
        ...(image.mergeSize === 1 ? {} : { merge_size: image.mergeSize }),
        // The authors' one file has one pair of limits: these two keys are read here only.
        ...(image.minTokens === minTokens ? {} : { image_min_tokens: image.minTokens }),
        ...(image.maxTokens === maxTokens ? {} : { image_max_tokens: image.maxTokens }),
      },
    };
  }
  const limits = (merge: number, least: number, most: number): object => {
    const pixels = (patchSize * merge) ** 2;
    return { merge_size: merge, size: { shortest_edge: least * pixels, longest_edge: most * pixels } };
  };
  return {
    "preprocessor_config.json": {
      image_processor_type: "VideoLlama3ImageProcessor",
      processor_class: "VideoLlama3Processor",
      ...shared,
      ...limits(image.mergeSize, image.minTokens, image.maxTokens),
    },
    "video_preprocessor_config.json": {
      video_processor_type: "VideoLlama3VideoProcessor",
      processor_class: "VideoLlama3Processor",
      ...shared,
      ...limits(mergeSize, minTokens, maxTokens),
      use_token_compression: useTokenCompression,
    },
    "processor_config.json": { processor_class: "VideoLlama3Processor" },
  };
}
