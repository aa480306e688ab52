import { isQwenVl, type VideoLlmConfig } from "../../config/config.js";
import type { Naming } from "../../config/naming.js";
import type { PreprocessorConfig } from "../../vision/preprocessor-config.js";
import type { ProcessorFiles } from "./processor-file.js";
import { formatQwenVlPreprocessor, parseQwenVlPreprocessor } from "./qwen-vl.js";
import { formatSmolVlmPreprocessor, parseSmolVlmPreprocessor } from "./smolvlm2.js";
import { formatVideoLlama3Preprocessor, parseVideoLlama3Preprocessor } from "./videollama3.js";

/**
 * How a checkpoint turns frames into patches. What no file says is the family's published value; sizes of patches are the
 * model's, and a file that contradicts them is refused.
 *
 * @throws ConfigError naming each field that does not fit, contradicts config.json, or asks for what is not computed.
 */
export function parsePreprocessor(files: ProcessorFiles, config: VideoLlmConfig): PreprocessorConfig {
  if (isQwenVl(config)) return parseQwenVlPreprocessor(files, config);
  return config.family === "smolvlm2"
    ? parseSmolVlmPreprocessor(files, config)
    : parseVideoLlama3Preprocessor(files, config);
}

/** The files that `parsePreprocessor` reads back to the same values, by name. */
export function formatPreprocessor(
  preprocessor: PreprocessorConfig,
  config: VideoLlmConfig,
  naming: Naming,
): Record<string, object> {
  if (isQwenVl(config)) return formatQwenVlPreprocessor(preprocessor, config);
  return config.family === "smolvlm2"
    ? formatSmolVlmPreprocessor(preprocessor, config)
    : formatVideoLlama3Preprocessor(preprocessor, config, naming);
}
