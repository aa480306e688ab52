export { type CompressionMaskOptions, compressionMask } from "./compression-mask.js";
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
export { type PatchifyOptions, patchify, type VideoLlama3Inputs } from "./patchify.js";
export { type FrameRequest, type PlanContext, planFrames } from "./plan-frames.js";
export { npLinspaceIntegers, roundHalfEven } from "./python-rounding.js";
export type { Rational } from "./rational.js";
export { type PillowFilter, type PreparedResize, prepareResizePillow, resizePillow } from "./resize-pillow.js";
export { sampleFrames } from "./sample-frames-node.js";
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
export { type VideoLlama3SizeOptions, videoLlama3ImageSize } from "./video-llama3-image-size.js";
