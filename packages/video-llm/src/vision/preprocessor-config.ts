import type { VideoLlmConfig } from "../config/config.js";

/** How frames become patches: what the processor files of a checkpoint say. */
export interface PreprocessorConfig {
  /** Pixels a patch side. */
  readonly patchSize: number;
  /** Patches a merged token side for videos (2 in VideoLLaMA3). */
  readonly mergeSize: number;
  /** Least merged tokens a frame of a video (Qwen-VL: an image) is resized to. */
  readonly minTokens: number;
  /** Most merged tokens a whole video (Qwen-VL: an image) is resized to. */
  readonly maxTokens: number;
  /** Images, where they have settings of their own (VideoLLaMA3); default: merge 1 within the limits above. */
  readonly image?: ImageTokenLimits;
  /** Merged tokens of a video's frames, where they have limits of their own (Qwen-VL). */
  readonly video?: VideoTokenLimits;
  /** Square frames (SmolVLM2); default: the vision encoder's side, four times it for images. */
  readonly square?: SquareFrames;
  /** Subtracted from pixels / 255, per channel. */
  readonly imageMean: readonly number[];
  /** Divides what is left, per channel. */
  readonly imageStd: readonly number[];
}

/** How an image is cut where that differs from videos: VideoLLaMA3 merges the patches of videos only. */
export interface ImageTokenLimits {
  /** Patches a merged token side. */
  readonly mergeSize: number;
  /** Least merged tokens. */
  readonly minTokens: number;
  /** Most merged tokens. */
  readonly maxTokens: number;
}

/** How large the frames of a video become, in merged tokens. */
export interface VideoTokenLimits {
  /** Least of a frame. */
  readonly minTokens: number;
  /** Most of a frame. */
  readonly maxTokens: number;
  /** Context the frames share: each pair gets an even part of 90 % of it. Not used with `wholeVideo`. */
  readonly contextTokens: number;
  /** The two limits are of all frames together (Qwen3-VL). Default false. */
  readonly wholeVideo?: boolean;
}

/** How SmolVLM2 makes squares, in pixels. */
export interface SquareFrames {
  /** Longest edge of a video's frames after the first resize; the second one squashes them. */
  readonly videoLongestEdge: number;
  /** Longest edge of an image after the first resize. */
  readonly imageLongestEdge: number;
  /** Whether a larger image is cut into squares, with the whole one squashed after them. */
  readonly splitImages: boolean;
}

/** Settings of squares where nothing says otherwise: videos at the vision encoder's side, images at four times it. */
export const defaultSquares = ({ vision }: Pick<VideoLlmConfig, "vision">): SquareFrames => ({
  videoLongestEdge: vision.imageSize,
  imageLongestEdge: 4 * vision.imageSize,
  splitImages: true,
});

/** VideoLLaMA3's published values. */
export const DEFAULT_PREPROCESSOR: PreprocessorConfig = {
  patchSize: 14,
  mergeSize: 2,
  minTokens: 16,
  maxTokens: 16_384,
  imageMean: [0.5, 0.5, 0.5],
  imageStd: [0.5, 0.5, 0.5],
};

/** How VideoLLaMA3 cuts images: without merging, within the limits of videos unless images have their own. */
export const imageLimits = ({ image, minTokens, maxTokens }: PreprocessorConfig): ImageTokenLimits =>
  image ?? { mergeSize: 1, minTokens, maxTokens };
