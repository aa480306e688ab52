export type { Sequence } from "./batch.js";
export { type BpeTrainingOptions, byteCharacters, trainByteLevelBpe } from "./byte-level-bpe.js";
export type { ChatMessage, ContentPart } from "./chat.js";
export {
  type CheckpointConfig,
  type ConfigTokenIds,
  formatCheckpointConfig,
  type Naming,
  parseCheckpointConfig,
} from "./checkpoint-config.js";
export {
  resolveConfig,
  type VideoLlmConfig,
  type VideoLlmConfigInput,
  type VisionConfig,
  videoLlmConfigSchema,
} from "./config.js";
export {
  CHAT_TOKENS,
  DEFAULT_CHAT_TEMPLATE,
  formatSeconds,
  PROMPT_CONVENTIONS,
  type PromptConventions,
  type VisualLayout,
} from "./conventions.js";
export {
  type CheckpointCode,
  CheckpointError,
  ConfigError,
  OptionsError,
  type PromptCode,
  PromptError,
  RemoteError,
  TokenizerError,
  VideoLlmError,
} from "./errors.js";
export { type Completion, DEFAULT_GENERATION, type GenerationOptions, type StreamedToken } from "./generate.js";
export { type OpenedVideoLlm, openHiddenStates } from "./hidden-states.js";
export { type AlarmStart, initializeAlarms } from "./initialize-alarms.js";
export { type LoadOptions, loadVideoLlm } from "./load-node.js";
export type { LoraSettings } from "./lora.js";
export type { TrainableTensor } from "./parameter-store.js";
export {
  huggingFaceName,
  originalName,
  type ParameterGroup,
  type ParameterSpec,
  parameterSpecs,
} from "./parameters.js";
export type { PolicyItem, VideoLlmPolicy } from "./policy.js";
export type { Precision, PrecisionOptions } from "./precision.js";
export {
  DEFAULT_PREPROCESSOR,
  formatPreprocessorConfig,
  type PreprocessorConfig,
  parsePreprocessorConfig,
  type VideoTokenLimits,
} from "./preprocessor-config.js";
export type { PreparedPrompt, PreparedSample, PromptRequest, SampleLabels } from "./prompt.js";
export { promptSegments } from "./prompt-segments.js";
export { QWEN_VL_PREPROCESSOR } from "./qwen-vl-preprocessor.js";
export { createRemoteVideoLlm, type RemoteOptions, type RemotePrompt, type RemoteVideoLlm } from "./remote-node.js";
export {
  argmax,
  logSumExp,
  penalizeRepetition,
  type SampledToken,
  type SamplingOptions,
  sampleToken,
} from "./sampling.js";
export type { SaveOptions } from "./save-node.js";
export { REQUIRED_TOKENS, TextTokenizer, type TokenizerFiles } from "./text-tokenizer.js";
export type { AlarmStates, AtSftOptions, AtSftResult } from "./training.js";
export {
  type CreateOptions,
  createVideoLlm,
  type EncodeOptions,
  type FramesWithTimes,
  type ModelParts,
  type RuntimeOptions,
  type SampleRequest,
  VideoLlm,
} from "./video-llm.js";
export type { PatchedVideo, VisualFeatures } from "./visual-features.js";
