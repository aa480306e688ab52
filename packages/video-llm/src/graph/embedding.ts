import { ALARM_TENSOR_NAMES } from "@videosafety/alarm-tokens";
import { type Graph, gather, type Params, type Value, where } from "@videosafety/onnx-autodiff";
import type { VideoLlmConfig } from "../config/config.js";
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
 * `is_textual_alarm`, and for models with several vectors `visual_alarm_index`, `textual_alarm_index`, as far as the layout
 * needs them.
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
    for (const modality of ["visual", "textual"] as const) {
      const count = config.alarmVectors[modality];
      const name = modality === "visual" ? ALARM_TENSOR_NAMES.visualToken : ALARM_TENSOR_NAMES.textualToken;
      const isAlarm = mask(`is_${modality}_alarm`);
      const vectors = params(name, [count, config.hiddenSize]);
      // One vector is broadcast; of several, each row takes its own.
      const rows = (): Value => gather(vectors, graph.input(`${modality}_alarm_index`, "int32", [tokens]));
      x = where(isAlarm, count === 1 ? vectors : rows(), x);
    }
  }
  return x;
}
