import type { Feed } from "@videosafety/onnx-autodiff";
import type { CompiledGraph } from "../graph/graph-cache.js";
import type { ParameterStore } from "../weights/parameter-store.js";

/** The feeds a compiled graph takes, with its live parameters. */
export function selectInputs(
  compiled: CompiledGraph,
  feeds: Readonly<Record<string, Feed>>,
  store: ParameterStore,
  replacements?: ReadonlyMap<string, Float32Array>,
): Record<string, Feed> {
  const selected: Record<string, Feed> = store.feeds(compiled.parameters, replacements);
  for (const name of compiled.session.inputNames) {
    const feed = feeds[name];
    if (feed !== undefined) selected[name] = feed;
  }
  return selected;
}
