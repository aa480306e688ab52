import type { PreprocessorConfig, VideoTokenLimits } from "./preprocessor-config.js";

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

/** Qwen3-VL's published values; those of videos are for all frames together. */
export const QWEN3_VL_PREPROCESSOR: PreprocessorConfig = {
  patchSize: 16,
  mergeSize: 2,
  minTokens: 64,
  maxTokens: 16_384,
  imageMean: [0.5, 0.5, 0.5],
  imageStd: [0.5, 0.5, 0.5],
  video: { minTokens: 4, maxTokens: 24_576, contextTokens: 128_000, wholeVideo: true },
};

/** Share of its context that a video's frames get, all together. @see qwen-vl-utils */
export const CONTEXT_SHARE = 0.9;

/** How large Qwen-VL makes the frames of a video: a checkpoint's own limits, else qwen-vl-utils'. */
export const videoLimits = ({ video }: PreprocessorConfig): VideoTokenLimits =>
  video ?? (QWEN_VL_PREPROCESSOR as Required<PreprocessorConfig>).video;
