import { patchesPerSide, type VideoLlmConfig } from "../../config/config.js";
import { ConfigError } from "../../errors.js";
import { defaultSquares, type PreprocessorConfig } from "../../vision/preprocessor-config.js";
import {
  imageAndVideo,
  type ProcessorFile,
  type ProcessorFiles,
  pixelStatistics,
  readProcessorFile,
} from "./processor-file.js";

const LANCZOS = 1;

/**
 * Reads how SmolVLM2 makes squares. Published files say nothing of patches, which are the model's, and hold the size of
 * videos in `video_sampling`.
 *
 * @throws ConfigError naming each field that does not fit, or that contradicts config.json.
 */
export function parseSmolVlmPreprocessor(files: ProcessorFiles, config: VideoLlmConfig): PreprocessorConfig {
  const { patchSize, imageSize } = config.vision;
  const read = (json: unknown, name: string): ProcessorFile | null => {
    if (json === null) return null;
    const file = readProcessorFile(json, name, { patch_size: patchSize }, LANCZOS);
    const square = file.max_image_size?.longest_edge;
    if (square != null && square !== imageSize) {
      throw new ConfigError(
        `${name}: expected max_image_size ${imageSize} as vision_config has it, found ${square}; take both from one checkpoint`,
      );
    }
    for (const values of [file.image_mean, file.image_std]) {
      if (values?.some((value) => value !== values[0]))
        throw new ConfigError(`${name}: expected one mean and one std for all channels, found ${values.join(", ")}`);
    }
    return file;
  };
  const absent = defaultSquares(config);
  const given = imageAndVideo(files);
  const image = read(given.image, "preprocessor_config.json");
  const video = read(given.video, "video_preprocessor_config.json") ?? image;
  return {
    patchSize,
    mergeSize: config.mergeSize,
    minTokens: 1,
    maxTokens: (patchesPerSide(config) / config.mergeSize) ** 2,
    ...pixelStatistics(image, video, { imageMean: [0.5, 0.5, 0.5], imageStd: [0.5, 0.5, 0.5] }),
    square: {
      videoLongestEdge:
        video?.video_sampling?.video_size?.longest_edge ??
        (video === image ? undefined : video?.size?.longest_edge) ??
        absent.videoLongestEdge,
      imageLongestEdge: image?.size?.longest_edge ?? absent.imageLongestEdge,
      splitImages: image?.do_image_splitting ?? absent.splitImages,
    },
  };
}

/** Writes the three processor files; `parseSmolVlmPreprocessor` reads them back to the same values. */
export function formatSmolVlmPreprocessor(
  preprocessor: PreprocessorConfig,
  config: VideoLlmConfig,
): Record<string, object> {
  const { imageSize } = config.vision;
  const { videoLongestEdge, imageLongestEdge, splitImages } = preprocessor.square ?? defaultSquares(config);
  const shared = {
    processor_class: "SmolVLMProcessor",
    do_resize: true,
    do_rescale: true,
    do_normalize: true,
    do_pad: true,
    do_convert_rgb: true,
    resample: LANCZOS,
    rescale_factor: 1 / 255,
    max_image_size: { longest_edge: imageSize },
    image_mean: preprocessor.imageMean,
    image_std: preprocessor.imageStd,
  };
  const tokensPerFrame = (patchesPerSide(config) / config.mergeSize) ** 2;
  const sampling = { fps: 1, max_frames: 64, video_size: { longest_edge: videoLongestEdge } };
  return {
    "preprocessor_config.json": {
      image_processor_type: "SmolVLMImageProcessor",
      ...shared,
      do_image_splitting: splitImages,
      size: { longest_edge: imageLongestEdge },
      video_sampling: sampling,
    },
    "video_preprocessor_config.json": {
      video_processor_type: "SmolVLMVideoProcessor",
      ...shared,
      size: { longest_edge: videoLongestEdge },
      fps: sampling.fps,
      num_frames: sampling.max_frames,
      video_sampling: sampling,
    },
    "processor_config.json": { processor_class: "SmolVLMProcessor", image_seq_len: tokensPerFrame },
  };
}
