import { isQwenVl, type VideoLlmConfig } from "../config/config.js";
import { OptionsError } from "../errors.js";
import { imageLimits, type PreprocessorConfig } from "./preprocessor-config.js";
import { CONTEXT_SHARE, videoLimits } from "./qwen-vl-published.js";

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
  const atMost = <Limits extends { readonly minTokens: number; readonly maxTokens: number }>(
    limits: Limits,
  ): Limits => ({
    ...limits,
    minTokens: Math.min(limits.minTokens, maxVisualTokens),
    maxTokens: Math.min(limits.maxTokens, maxVisualTokens),
  });
  if (!isQwenVl(config)) return { ...atMost(preprocessor), image: atMost(imageLimits(preprocessor)) };
  const video = videoLimits(preprocessor);
  const contextTokens = Math.min(video.contextTokens, Math.ceil(maxVisualTokens / CONTEXT_SHARE));
  return { ...atMost(preprocessor), video: { ...atMost(video), contextTokens } };
}
