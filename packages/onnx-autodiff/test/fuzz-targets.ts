import type { FuzzTarget } from "../../../fuzz.shared.js";
import {
  encodeSafetensors,
  Graph,
  OnnxAutodiffError,
  parseSafetensors,
  reshape,
  serialize,
  sumAll,
  toFloat32,
} from "../src/index.js";
import { survive } from "./mutate-onnx.js";

function smallModel(): Uint8Array {
  const graph = new Graph();
  const x = graph.input("x", "float32", [2, 3]);
  graph.output("y", sumAll(reshape(x, [3, 2])));
  return serialize(graph);
}

/** Parsers of this package, as `pnpm fuzz` finds them. */
export const fuzzTargets: readonly FuzzTarget[] = [
  {
    name: "safetensors",
    kind: "bytes",
    corpus: [
      Buffer.concat(
        encodeSafetensors(
          new Map([
            ["a", { data: Float32Array.of(1, 2, 3, 4), dims: [2, 2] }],
            ["b", { data: Int32Array.of(5), dims: [1] }],
          ]),
        ),
      ),
    ],
    words: [
      '"F64"',
      '"BF16"',
      '"data_offsets":[0,',
      '"shape":[4294967296,4294967296]',
      '"__metadata__":{"a":1}',
      "[-1]",
    ],
    refusals: [OnnxAutodiffError],
    read(bytes: Uint8Array) {
      for (const tensor of parseSafetensors(bytes, "fuzz").tensors.values()) toFloat32(tensor);
    },
  },
  {
    name: "ONNX files",
    kind: "bytes",
    corpus: [smallModel()],
    words: ["MatMul", "Reshape", "Constant", "ai.onnx.ml"],
    refusals: [],
    read: survive,
  },
];
