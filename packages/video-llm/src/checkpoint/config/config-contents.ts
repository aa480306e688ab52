import type { VideoLlmConfig } from "../../config/config.js";
import type { Naming } from "../../config/naming.js";

/** What a config.json says. */
export interface CheckpointConfig {
  /** The model's sizes. */
  readonly config: VideoLlmConfig;
  /** Which of the two layouts (and so which tensor names) the checkpoint follows. */
  readonly naming: Naming;
  /** Ids config.json gives for visual placeholders; the tokenizer says what they look like. */
  readonly visualTokenIds: readonly number[];
  /** Ids that end a completion; none where config.json does not say. */
  readonly endTokenIds: readonly number[];
}

/** Token ids that config.json carries. */
export interface ConfigTokenIds {
  /** The `<image>` placeholder. */
  readonly image: number;
  /** The video placeholder of Hugging Face checkpoints; equals `image` where there is only one. */
  readonly video: number;
  /** Tokens that end a completion. */
  readonly end: readonly number[];
  /** Tokens beside the placeholder, as the family's conventions list them: Qwen-VL's vision start and end. */
  readonly markers?: readonly number[];
}
