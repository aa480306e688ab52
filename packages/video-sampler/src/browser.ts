export type { BrowserSource } from "./browser-decoder.js";
export { type CompressionMaskOptions, compressionMask } from "./compression-mask.js";
export { contactSheet, type RgbImage } from "./contact-sheet.js";
export type { DecodeSegment } from "./decode-schedule.js";
export {
  DecodeFailedError,
  DecoderMissingError,
  InvalidPlanError,
  IsolateFailedError,
  LimitExceededError,
  NoBackendError,
  NotFoundError,
  NotMediaError,
  NoVideoStreamError,
  SamplingTimeoutError,
  TruncatedError,
  VideoSamplerError,
  type VideoSamplerErrorCode,
} from "./errors.js";
export { buildFrameIndex, type FrameIndex, type PacketEntry } from "./frame-index.js";
export type { FrameRequest, PlanContext } from "./frame-request.js";
export type {
  OpenedSampleOptions,
  OpenedVideo,
  PlanExplanation,
  StreamedFrame,
  VideoDescription,
} from "./opened-video.js";
export { type PatchifyOptions, patchify, type VideoLlama3Inputs } from "./patchify.js";
export { planFrames } from "./plan-frames.js";
export {
  type PresetSource,
  qwenVlFrameCount,
  qwenVlIndices,
  smolVlmIndices,
  videoLlama3HfIndices,
} from "./preset-indices.js";
export { npLinspaceIntegers, roundHalfEven } from "./python-rounding.js";
export { type QwenVlInputs, qwenVlImageSize, qwenVlPatchify } from "./qwen-vl.js";
export type { Rational } from "./rational.js";
export { type PillowFilter, type PreparedResize, prepareResizePillow, resizePillow } from "./resize-pillow.js";
export { openVideo, sampleFrames } from "./sample-frames-browser.js";
export type { ModelImageSize, OutputSize, SampleOptions, SamplingLimits } from "./sample-options.js";
export { type ResolvedPlan, resolvePlan, type SamplePlan, samplePlanSchema } from "./sample-plan.js";
export type {
  FrameInfo,
  ImageSize,
  RgbFrames,
  SampledVideo,
  SamplingStats,
  SamplingWarning,
  VideoInfo,
} from "./sampled-video.js";
export { findScenes } from "./scene-frames.js";
export { type SmolVlmOptions, smolVlmImageSize, smolVlmPixels } from "./smolvlm2.js";
export { type VideoLlama3SizeOptions, videoLlama3ImageSize } from "./video-llama3-image-size.js";
export type { VideoSource } from "./video-source.js";
