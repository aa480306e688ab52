import { ALARM_TENSOR_NAMES } from "@videosafety/alarm-tokens";
import { type Graph, gather, type Params, split, toTypedData, type Value, where } from "@videosafety/onnx-autodiff";
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

/** What `inputEmbeddings` gives the decoder. */
export interface InputEmbeddings {
  /** What the decoder starts from [N, d]. */
  readonly embeddings: Value;
  /** What is added after each of the first decoder layers [N, d], zero at other than visual tokens (Qwen3-VL). */
  readonly deepstack: readonly Value[];
}

/**
 * Input embeddings [N, d]: the table's row of each id, replaced by a visual embedding at visual positions and by the
 * learned alarm vectors at theirs. Declares the inputs `ids`, `visual_index`, `is_visual`, `is_visual_alarm`,
 * `is_textual_alarm`, and for models with several vectors `visual_alarm_index`, `textual_alarm_index`, as far as the layout
 * needs them.
 *
 * @param visual visual embeddings [M, `visualWidth`], from a feed or from the vision encoder in the same graph.
 */
export function inputEmbeddings(
  graph: Graph,
  config: VideoLlmConfig,
  params: Params,
  layout: EmbeddingLayout,
  visual: Value | undefined,
): InputEmbeddings {
  const { tokens, hasVisual, hasAlarm } = layout;
  const mask = (name: string): Value => graph.input(name, "bool", [tokens, 1]);
  let x = gather(embeddingTable(config, params), graph.input("ids", "int32", [tokens]));
  let deepstack: Value[] = [];
  if (hasVisual && visual !== undefined) {
    const isVisual = mask("is_visual");
    const rows = gather(visual, graph.input("visual_index", "int32", [tokens]));
    const count = config.vision.deepstackLayers.length;
    const parts = count === 0 ? [rows] : split(rows, new Array<number>(count + 1).fill(config.hiddenSize), 1);
    x = where(isVisual, parts[0] as Value, x);
    const nothing = graph.initializer(undefined, x.dtype, [1, 1], toTypedData(x.dtype, [0]));
    deepstack = parts.slice(1).map((part) => where(isVisual, part, nothing));
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
  return { embeddings: x, deepstack };
}
