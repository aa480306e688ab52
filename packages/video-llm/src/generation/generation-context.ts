import type { Feed } from "@videosafety/onnx-autodiff";
import type { VideoLlmConfig } from "../config/config.js";
import type { CompiledView, ViewCache } from "../graph/view-cache.js";
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
  readonly sessions: ViewCache;
  /** Current visual embeddings [N, d] of some features. */
  readonly embeddings: (features: VisualFeatures) => Float32Array;
  /** Keys and values of visual prefixes. */
  readonly prefixes: PrefixCache;
  /** `RuntimeOptions.accuracyLevel`. */
  readonly accuracyLevel: 1 | 4 | undefined;
}

/** The feeds a view declares, with its live parameters. */
export function selectInputs(
  view: CompiledView,
  feeds: Readonly<Record<string, Feed>>,
  store: ParameterStore,
  replacements?: ReadonlyMap<string, Float32Array>,
): Record<string, Feed> {
  const selected: Record<string, Feed> = store.feeds(view.parameters, replacements);
  for (const name of view.session.inputNames) {
    const feed = feeds[name];
    if (feed !== undefined) selected[name] = feed;
  }
  return selected;
}
