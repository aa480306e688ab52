export type { AlarmStates, AtSftOptions, AtSftResult, ParameterGroup, SampleLabels } from "@videosafety/alarm-tokens";
export { loadAdapter } from "./checkpoint/adapter/load-adapter-node.js";
export type { CheckpointConfig, ConfigTokenIds } from "./checkpoint/config/config-contents.js";
export { formatCheckpointConfig } from "./checkpoint/config/format-config.js";
export { parseCheckpointConfig } from "./checkpoint/config/parse-config.js";
export { type ContentLedger, openContentLedger } from "./checkpoint/content-hash-node.js";
export { type LoadOptions, loadVideoLlm } from "./checkpoint/load-node.js";
export type { Precision, PrecisionOptions } from "./checkpoint/precision.js";
export { formatPreprocessor, parsePreprocessor } from "./checkpoint/preprocessor/preprocessor-files.js";
export type { ProcessorFiles } from "./checkpoint/preprocessor/processor-file.js";
export { type SaveOptions, saveVideoLlm } from "./checkpoint/save/save-node.js";
export {
  resolveConfig,
  type VideoLlmConfig,
  type VideoLlmConfigInput,
  type VisionConfig,
  videoLlmConfigSchema,
} from "./config/config.js";
export type { Naming } from "./config/naming.js";
export type { RuntimeOptions } from "./config/runtime-options.js";
export { type DoctorOptions, inspectModel, type ModelReport } from "./doctor/doctor-node.js";
export { formatReport } from "./doctor/format-report.js";
export {
  type CheckpointCode,
  CheckpointError,
  ConfigError,
  HubError,
  NumericsError,
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
export { type GenerationDefaults, parseGenerationConfig } from "./generation/generation-config.js";
export {
  argmax,
  logSumExp,
  penalizeRepetition,
  type SampledToken,
  type SamplingOptions,
  sampleToken,
} from "./generation/sampling.js";
export { downloadModel, type HubSnapshot } from "./hub/download-model-node.js";
export type { DownloadProgress, HubOptions } from "./hub/hub-settings-node.js";
export { type ResolvedModel, resolveModel } from "./hub/resolve-model-node.js";
export { type CreateOptions, createVideoLlm } from "./model/create-video-llm.js";
export { FeatureCache, type FeatureCacheOptions, type FeatureModel } from "./model/feature-cache.js";
export { type OpenedVideoLlm, openHiddenStates } from "./model/hidden-states.js";
export { type AlarmStart, hasAlarms, initializeAlarms } from "./model/initialize-alarms.js";
export type { PolicyItem, PolicyModel, PolicyOptions, VideoLlmPolicy } from "./model/policy.js";
export { type ModelParts, VideoLlm } from "./model/video-llm.js";
export type { Sequence } from "./passes/sequence.js";
export {
  type BpeTrainingOptions,
  type LearnedMerges,
  learnMerges,
  type MergeOptions,
  trainByteLevelBpe,
} from "./prompt/byte-level-bpe.js";
export type { ChatMessage, ContentPart } from "./prompt/chat.js";
export type { TemplateOptions } from "./prompt/chat-template.js";
export {
  CHAT_TOKENS,
  DEFAULT_CHAT_TEMPLATE,
  PROMPT_CONVENTIONS,
  type PromptConventions,
  type VisualLayout,
} from "./prompt/conventions.js";
export type { PreparedPrompt, PreparedSample, PromptAlarms, PromptRequest } from "./prompt/prompt.js";
export { promptParts } from "./prompt/prompt-parts.js";
export type { SampleRequest } from "./prompt/sample.js";
export { REQUIRED_TOKENS, TextTokenizer } from "./prompt/text-tokenizer.js";
export type { TokenizerFiles } from "./prompt/tokenizer-files.js";
export {
  createRemoteVideoLlm,
  type RemoteOptions,
  type RemotePrompt,
  type RemoteVideoLlm,
} from "./remote/remote-node.js";
export type { EncodeOptions, FramesWithTimes } from "./vision/frames-with-times.js";
export {
  DEFAULT_PREPROCESSOR,
  type ImageTokenLimits,
  type PreprocessorConfig,
  type SquareFrames,
  type VideoTokenLimits,
} from "./vision/preprocessor-config.js";
export { QWEN_VL_PREPROCESSOR, QWEN3_VL_PREPROCESSOR } from "./vision/qwen-vl-published.js";
export { type SampleLimits, samplePlanFor, toldFrameRate } from "./vision/sample-plan.js";
export type { StoredFeatures } from "./vision/stored-features.js";
export type { PatchedVideo, VisualFeatures } from "./vision/visual-features.js";
export type { AdaptedModule, LoraAdapters, LoraSettings, LoraTarget } from "./weights/lora.js";
export type { ParameterSpec } from "./weights/parameter-spec.js";
export { huggingFaceName, originalName, parameterSpecs } from "./weights/parameters.js";
export type { TrainableTensor } from "./weights/trainable-tensor.js";
