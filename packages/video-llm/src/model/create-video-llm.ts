import { isQwenVl, resolveConfig, type VideoLlmConfigInput } from "../config/config.js";
import { layoutOf } from "../config/naming.js";
import type { RuntimeOptions } from "../config/runtime-options.js";
import { PROMPT_CONVENTIONS } from "../prompt/conventions.js";
import { TextTokenizer } from "../prompt/text-tokenizer.js";
import type { TokenizerFiles } from "../prompt/tokenizer-files.js";
import { DEFAULT_PREPROCESSOR, imageLimits, type PreprocessorConfig } from "../vision/preprocessor-config.js";
import { QWEN_VL_PREPROCESSOR, QWEN3_VL_PREPROCESSOR } from "../vision/qwen-vl-published.js";
import { freshTensor } from "../weights/parameter-store.js";
import { parameterSpecs } from "../weights/parameters.js";
import { VideoLlm } from "./video-llm.js";

/** What `createVideoLlm` takes. */
export interface CreateOptions extends RuntimeOptions {
  /** Sizes; `vocabularySize` defaults to the tokenizer's, rounded up to a multiple of 8. */
  readonly config: VideoLlmConfigInput;
  /** Parsed tokenizer files; the alarm tokens are added when missing. */
  readonly tokenizer: TokenizerFiles;
  /** Seed of the fresh weights. */
  readonly seed: number;
  /** How frames become patches; default VideoLLaMA3's values with the config's patch size. */
  readonly preprocessor?: Partial<PreprocessorConfig>;
  /** Jinja template; default ChatML. */
  readonly chatTemplate?: string;
}

/** A model with fresh weights. @throws ConfigError, TokenizerError */
export function createVideoLlm(options: CreateOptions): VideoLlm {
  const conventions = PROMPT_CONVENTIONS[options.config.family ?? "videollama3"];
  const tokenizer = new TextTokenizer(options.tokenizer, [], conventions);
  const vocabularySize = options.config.vocabularySize ?? Math.ceil(tokenizer.vocabularySize / 8) * 8;
  const config = resolveConfig({ ...options.config, vocabularySize });
  const ofQwen = config.family === "qwen3-vl" ? QWEN3_VL_PREPROCESSOR : QWEN_VL_PREPROCESSOR;
  const published = isQwenVl(config) ? ofQwen : DEFAULT_PREPROCESSOR;
  const preprocessor = { ...published, patchSize: config.vision.patchSize, ...options.preprocessor };
  const withImages =
    config.family === "videollama3" ? { ...preprocessor, image: imageLimits(preprocessor) } : preprocessor;
  const tensors = new Map(parameterSpecs(config).map((spec) => [spec.name, freshTensor(spec, options.seed)]));
  const chatTemplate = options.chatTemplate ?? conventions.chatTemplate;
  return new VideoLlm(
    {
      config,
      preprocessor: withImages,
      tokenizer,
      chatTemplate,
      tensors,
      naming: layoutOf("original", config.family),
    },
    options,
  );
}
