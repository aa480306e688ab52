import type { VideoLlmConfig } from "../config/config.js";
import type { GraphCache } from "../graph/graph-cache.js";
import type { VisualFeatures } from "../vision/visual-features.js";
import type { ParameterStore } from "../weights/parameter-store.js";
import type { PrefixCache } from "./prefix-cache.js";

/** What decoding needs of the model. */
export interface GenerationContext {
  /** Sizes. */
  readonly config: VideoLlmConfig;
  /** Tensors. */
  readonly store: ParameterStore;
  /** Compiled graphs. */
  readonly sessions: GraphCache;
  /** Current visual embeddings [N, d] of some features. */
  readonly embeddings: (features: VisualFeatures) => Float32Array;
  /** Keys and values of visual prefixes. */
  readonly prefixes: PrefixCache;
  /** `RuntimeOptions.accuracyLevel`. */
  readonly accuracyLevel: 1 | 4 | undefined;
}
