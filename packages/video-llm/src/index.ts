export {
  type CheckpointConfig,
  type ConfigTokenIds,
  formatCheckpointConfig,
  type Naming,
  parseCheckpointConfig,
} from "./checkpoint/checkpoint-config.js";
export { type LoadOptions, loadVideoLlm } from "./checkpoint/load-node.js";
export type { Precision, PrecisionOptions } from "./checkpoint/precision.js";
export type { SaveOptions } from "./checkpoint/save-node.js";
export {
  resolveConfig,
  type VideoLlmConfig,
  type VideoLlmConfigInput,
  type VisionConfig,
  videoLlmConfigSchema,
} from "./config/config.js";
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
export {
  type Completion,
  DEFAULT_GENERATION,
  type GenerationOptions,
  type StreamedToken,
} from "./generation/generate.js";
export {
  argmax,
  logSumExp,
  penalizeRepetition,
  type SampledToken,
  type SamplingOptions,
  sampleToken,
} from "./generation/sampling.js";
export { type OpenedVideoLlm, openHiddenStates } from "./model/hidden-states.js";
export { type AlarmStart, initializeAlarms } from "./model/initialize-alarms.js";
export type { PolicyItem, VideoLlmPolicy } from "./model/policy.js";
export {
  type CreateOptions,
  createVideoLlm,
  type EncodeOptions,
  type FramesWithTimes,
  type ModelParts,
  type RuntimeOptions,
  type SampleRequest,
  VideoLlm,
} from "./model/video-llm.js";
export type { Sequence } from "./passes/batch.js";
export type { AlarmStates, AtSftOptions, AtSftResult } from "./passes/training.js";
export {
  type BpeTrainingOptions,
  type LearnedMerges,
  learnMerges,
  type MergeOptions,
  trainByteLevelBpe,
} from "./prompt/byte-level-bpe.js";
export type { ChatMessage, ContentPart } from "./prompt/chat.js";
export {
  CHAT_TOKENS,
  DEFAULT_CHAT_TEMPLATE,
  PROMPT_CONVENTIONS,
  type PromptConventions,
  type VisualLayout,
} from "./prompt/conventions.js";
export type { PreparedPrompt, PreparedSample, PromptRequest, SampleLabels } from "./prompt/prompt.js";
export { promptSegments } from "./prompt/prompt-segments.js";
export { REQUIRED_TOKENS, TextTokenizer, type TokenizerFiles } from "./prompt/text-tokenizer.js";
export {
  createRemoteVideoLlm,
  type RemoteOptions,
  type RemotePrompt,
  type RemoteVideoLlm,
} from "./remote/remote-node.js";
export {
  DEFAULT_PREPROCESSOR,
  formatPreprocessorConfig,
  type PreprocessorConfig,
  parsePreprocessorConfig,
  type VideoTokenLimits,
} from "./vision/preprocessor-config.js";
export { QWEN_VL_PREPROCESSOR } from "./vision/qwen-vl-preprocessor.js";
export type { PatchedVideo, VisualFeatures } from "./vision/visual-features.js";
export type { LoraSettings } from "./weights/lora.js";
export type { TrainableTensor } from "./weights/parameter-store.js";
export {
  huggingFaceName,
  originalName,
  type ParameterGroup,
  type ParameterSpec,
  parameterSpecs,
} from "./weights/parameters.js";
