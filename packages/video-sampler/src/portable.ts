// What Node and browsers share: `index.ts` and `browser.ts` both re-export it.

export type { BlindSpotReport, BlindSpotSettings } from "./blind-spots/blind-spot-report.js";
export { type BlindSpot, findBlindSpots, type UnseenTime } from "./blind-spots/find-blind-spots.js";
export {
  type Extremes,
  type PatchVisibility,
  patchVisibility,
  type TokenGrid,
} from "./blind-spots/patch-visibility.js";
export type { StreamChoice } from "./decode/choose-stream.js";
export type { OpenOptions } from "./decode/open-options.js";
export {
  DecodeFailedError,
  DecoderMissingError,
  InvalidPlanError,
  InvalidSourceError,
  IsolateFailedError,
  LimitExceededError,
  NoBackendError,
  NotFoundError,
  NotMediaError,
  NoVideoStreamError,
  SamplingTimeoutError,
  TruncatedError,
  UnavailableError,
  VideoSamplerError,
  type VideoSamplerErrorCode,
} from "./errors.js";
export { type CompressionMaskOptions, compressionMask } from "./model-inputs/compression-mask.js";
export { type NormalizeOptions, normalizeFrames } from "./model-inputs/normalize-frames.js";
export { type PatchifyOptions, patchify, type VideoLlama3Inputs } from "./model-inputs/patchify.js";
export { npLinspaceIntegers, roundHalfEven } from "./model-inputs/python-rounding.js";
export {
  QWEN2_VL_LAYOUT,
  QWEN3_VL_LAYOUT,
  type QwenVlInputs,
  type QwenVlLayout,
  qwenVlPatchify,
} from "./model-inputs/qwen-vl.js";
export {
  type QwenPixelRange,
  type QwenVlSizeOptions,
  qwen3VlImageSize,
  qwenVlHfImageSize,
  qwenVlImageSize,
} from "./model-inputs/qwen-vl-size.js";
export {
  type PillowFilter,
  type PreparedResize,
  prepareResizePillow,
  resizePillow,
} from "./model-inputs/resize-pillow.js";
export { type SmolVlmOptions, smolVlmImageSize, smolVlmPixels } from "./model-inputs/smolvlm2.js";
export { type VideoLlama3SizeOptions, videoLlama3ImageSize } from "./model-inputs/video-llama3-image-size.js";
export {
  compareFingerprints,
  type ParityDifference,
  type ParityTolerances,
  readFingerprint,
} from "./parity/compare-fingerprints.js";
export {
  type Fingerprint,
  type FingerprintExtras,
  type FingerprintSource,
  fingerprint,
  fingerprintSchema,
} from "./parity/fingerprint.js";
export {
  type ContactSheetOptions,
  contactSheet,
  type RgbImage,
  type TimedFrames,
} from "./picture/contact-sheet.js";
export { timelineSvg } from "./picture/timeline-svg.js";
export type { DecodeSegment } from "./plan/decode-schedule.js";
export { buildFrameIndex, type FrameIndex, type PacketEntry, type StreamClock } from "./plan/frame-index.js";
export { type FrameRate, frameRateOf } from "./plan/frame-rate.js";
export type { FrameRequest, PlanContext } from "./plan/frame-request.js";
export { planFrames } from "./plan/plan-frames.js";
export { jitteredCatchProbability } from "./plan/plan-gaps.js";
export {
  type PresetSource,
  qwen3VlIndices,
  qwenVlFrameCount,
  qwenVlHfIndices,
  qwenVlIndices,
  smolVlmIndices,
  videoLlama3HfIndices,
} from "./plan/preset-indices.js";
export { type ResolvedPlan, resolvePlan, type SamplePlan, samplePlanSchema } from "./plan/sample-plan.js";
export { findScenes } from "./plan/scene-frames.js";
export type { OpenedVideo } from "./sample/opened-video.js";
export type {
  ModelImageSize,
  OpenedSampleOptions,
  OutputSize,
  SampleOptions,
  VideoLlama3ModelSize,
} from "./sample/sample-options.js";
export type { PlanExplanation, StreamedFrame, VideoDescription } from "./sample/video-description.js";
export type { VideoSource } from "./source/video-source.js";
export { formatSeconds } from "./video/format-seconds.js";
export type { Rational } from "./video/rational.js";
export type {
  FrameInfo,
  ImageSize,
  RgbFrames,
  SampledVideo,
  SamplingStats,
  SamplingWarning,
  VideoInfo,
} from "./video/sampled-video.js";
export type { SamplingLimits } from "./video/sampling-limits.js";
