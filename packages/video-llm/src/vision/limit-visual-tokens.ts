import { isQwenVl, type VideoLlmConfig } from "../config/config.js";
import { OptionsError } from "../errors.js";
import { imageLimits, type PreprocessorConfig } from "./preprocessor-config.js";

/** Share of the context that a Qwen-VL video's frames get. */
const QWEN_SHARE = 0.9;

/**
 * Settings under which a whole video becomes at most about this many merged tokens, all frames together; limits that are already
 * lower stay. Least sizes of a frame are kept, so that many frames may still take more.
 *
 * @throws OptionsError for SmolVLM2, whose frames are squares of one size: take fewer frames there
 */
export function limitVisualTokens(
  preprocessor: PreprocessorConfig,
  config: Pick<VideoLlmConfig, "family">,
  maxVisualTokens: number,
): PreprocessorConfig {
  if (!(Number.isInteger(maxVisualTokens) && maxVisualTokens >= 1))
    throw new OptionsError(`expected a whole number maxVisualTokens of at least 1, found ${maxVisualTokens}`);
  if (config.family === "smolvlm2")
    throw new OptionsError(
      "expected no maxVisualTokens for SmolVLM2, whose frames are squares of one size; take fewer frames",
    );
  const atMost = (limit: number): number => Math.min(limit, maxVisualTokens);
  if (isQwenVl(config)) {
    const { video, ...rest } = preprocessor;
    const base = video ?? {
      minTokens: preprocessor.minTokens,
      maxTokens: preprocessor.maxTokens,
      contextTokens: Infinity,
    };
    const minTokens = atMost(base.minTokens);
    const contextTokens = Math.min(base.contextTokens, Math.ceil(maxVisualTokens / QWEN_SHARE));
    return {
      ...rest,
      minTokens: atMost(preprocessor.minTokens),
      maxTokens: atMost(preprocessor.maxTokens),
      video: { ...base, minTokens, maxTokens: atMost(base.maxTokens), contextTokens },
    };
  }
  const image = imageLimits(preprocessor);
  return {
    ...preprocessor,
    minTokens: atMost(preprocessor.minTokens),
    maxTokens: atMost(preprocessor.maxTokens),
    image: { ...image, minTokens: atMost(image.minTokens), maxTokens: atMost(image.maxTokens) },
  };
}
