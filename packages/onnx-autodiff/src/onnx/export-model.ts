import type { Graph, Value } from "../graph.js";
import type { TrainableTensor } from "../tensor.js";
import { copyGraph } from "./copy-graph.js";
import { serialize, type Target } from "./serialize.js";

/** What to write. */
export interface ExportOptions {
  /** Outputs of the model by name, e.g. `imported.outputs`. */
  readonly outputs: ReadonlyMap<string, Value>;
  /** Trained tensors, baked in as constants under their names. */
  readonly parameters?: ReadonlyMap<string, TrainableTensor>;
  /** Lowering; the default `portable` runs on any ONNX runtime, `ort` uses onnxruntime's fused kernels. */
  readonly target?: Target;
  /** ai.onnx operator set, default 23. */
  readonly opset?: number;
}

/**
 * ONNX model bytes of the given outputs alone: no loss, no gradients, trained weights inside. External initializers stay
 * references to their files, so write the model beside them.
 * @throws GraphError when a parameter is no input of the graph
 */
export function exportModel(
  graph: Graph,
  { outputs, parameters, target = "portable", opset = 23 }: ExportOptions,
): Uint8Array {
  const freeze = new Map([...(parameters ?? [])].map(([name, { data }]) => [name, data]));
  return serialize(copyGraph(graph, { freeze, outputs }), target, opset);
}
