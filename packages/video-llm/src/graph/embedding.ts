import { ALARM_TENSOR_NAMES } from "@videosafety/alarm-tokens";
import { type DType, type Graph, gather, type Params, type Value, where } from "@videosafety/onnx-autodiff";
import type { VideoLlmConfig } from "../config.js";
import { embeddingTable } from "./decoder.js";

/** What the rows of an input batch hold beside ordinary tokens. */
export interface EmbeddingLayout {
  /** Tokens in all, batch times length. */
  readonly tokens: number;
  /** Whether any row has visual tokens. */
  readonly hasVisual: boolean;
  /** Whether any row has alarm tokens. */
  readonly hasAlarm: boolean;
}

/**
 * Input embeddings [N, d]: the table's row of each id, replaced by a visual embedding at visual positions and by the
 * learned alarm vectors at theirs. Declares the inputs `ids`, `visual_index`, `is_visual`, `is_visual_alarm`,
 * `is_textual_alarm`, as far as the layout needs them.
 *
 * @param visual visual embeddings [M, d], from a feed or from the vision encoder in the same graph.
 */
export function inputEmbeddings(
  graph: Graph,
  config: VideoLlmConfig,
  params: Params,
  layout: EmbeddingLayout,
  visual: Value | undefined,
): Value {
  const { tokens, hasVisual, hasAlarm } = layout;
  const mask = (name: string): Value => graph.input(name, "bool", [tokens, 1]);
  let x = gather(embeddingTable(config, params), graph.input("ids", "int32", [tokens]));
  if (hasVisual && visual !== undefined) {
    x = where(mask("is_visual"), gather(visual, graph.input("visual_index", "int32", [tokens])), x);
  }
  if (hasAlarm) {
    const dims = [1, config.hiddenSize];
    x = where(mask("is_visual_alarm"), params(ALARM_TENSOR_NAMES.visualToken, dims), x);
    x = where(mask("is_textual_alarm"), params(ALARM_TENSOR_NAMES.textualToken, dims), x);
  }
  return x;
}

/** Float types a view can be built in. */
export type ViewDType = Extract<DType, "float32" | "float64">;
