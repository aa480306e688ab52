import { Graph, serialize, sigmoid } from "@videosafety/onnx-autodiff";
import { atcLogitsGraph } from "./at-sft-loss-graph.js";
import type { AtcHead } from "./atc-head.js";

/**
 * One head as a self-contained ONNX model for any runtime: input `hidden` float32 [batch, d], outputs `logits` and
 * `probabilities` float32 [batch], `probabilities` = sigmoid(logits / temperature).
 *
 * @returns the bytes of the .onnx file
 */
export function atcHeadToOnnx(
  head: AtcHead,
  options: { readonly batch: number; readonly temperature?: number },
): Uint8Array {
  const width = head.weight.length;
  const { temperature = 1 } = options;
  const graph = new Graph();
  const scaled = (values: readonly number[]): Float32Array => Float32Array.from(values, (value) => value / temperature);
  const weights = Array.from(head.weight);
  const hidden = graph.input("hidden", "float32", [options.batch, width]);
  const logitsOf = (name: string, weight: Float32Array, bias: Float32Array) =>
    atcLogitsGraph({
      hidden,
      weight: graph.initializer(`${name}.weight`, "float32", [1, width], weight),
      bias: graph.initializer(`${name}.bias`, "float32", [1], bias),
    });
  graph.output("logits", logitsOf("head", Float32Array.from(weights), Float32Array.of(head.bias)));
  graph.output("probabilities", sigmoid(logitsOf("scaled", scaled(weights), scaled([head.bias]))));
  return serialize(graph, "portable");
}
