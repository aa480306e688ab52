/**
 * Is the portable target right on WebGPU? Loss and every gradient of a two-layer decoder on onnxruntime-node's WebGPU
 * provider against its CPU provider, for both targets, and which provider ran each kernel. Needs a Vulkan driver; without
 * a GPU, the software one in Debian's `chromium` package will do (lavapipe is refused):
 *
 *   VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json npx tsx bench/webgpu.ts
 */
import {
  compareWithCpu,
  createRng,
  Graph,
  gather,
  type Params,
  reportProviders,
  ropeTables,
  sizeOf,
  type TypedData,
  tokenLogProbs,
  type Value,
  valueAndGrad,
  weightedNll,
} from "../src/index.js";
import { decoder } from "../test/models/decoder.js";
import { CONFIG, initialWeights } from "./training-step.js";

const [batch, sequence] = [2, 64];
const tokens = batch * sequence;
const config = { ...CONFIG, vocabulary: 512, hidden: 128, layers: 2, heads: 4, feedForward: 256, chunk: 32 };

/** A fresh training graph: sessions of different providers do not share one. */
function build(): { graph: Graph; feeds: Record<string, TypedData> } {
  const graph = new Graph();
  const feeds: Record<string, TypedData> = {};
  const values = new Map<string, Value>();
  const params: Params = (name, shape) => {
    const value = values.get(name) ?? graph.input(name, "float32", shape);
    values.set(name, value);
    feeds[name] = initialWeights(name, sizeOf(shape));
    return value;
  };
  const rng = createRng(3);
  const { cos, sin } = ropeTables(
    Array.from({ length: tokens }, (_, i) => i % sequence),
    config.headSize,
    1e6,
  );
  const half = [batch, sequence, config.headSize / 2];
  feeds.cos = Float32Array.from(cos);
  feeds.sin = Float32Array.from(sin);
  feeds.ids = Int32Array.from({ length: tokens }, () => rng.integer(config.vocabulary));
  feeds.targets = Int32Array.from({ length: tokens }, () => rng.integer(config.vocabulary));
  const io = { batch, sequence, cos: graph.input("cos", "float32", half), sin: graph.input("sin", "float32", half) };
  const table = params("model.embed_tokens.weight", [config.vocabulary, config.hidden]);
  const h = decoder(config, params, gather(table, graph.input("ids", "int32", [tokens])), io);
  const logProbs = tokenLogProbs(h, table, graph.input("targets", "int32", [tokens]));
  const ones = graph.initializer(undefined, "float32", [tokens], new Float32Array(tokens).fill(1));
  valueAndGrad(weightedNll(logProbs, ones), [...values.values()]);
  return { graph, feeds };
}

for (const target of ["portable", "ort"] as const) {
  const { graph, feeds } = build();
  const options = { providers: ["webgpu", "cpu"], target };
  try {
    const differences = Object.entries(await compareWithCpu(graph, feeds, options)).sort((a, b) => b[1] - a[1]);
    const [worst] = differences;
    console.log(`${target}: worst of ${differences.length} outputs ${worst?.[0]} ${worst?.[1].toExponential(1)}`);
    const wrong = differences.filter(([, d]) => !(d < 1e-3)).map(([name]) => name);
    if (wrong.length > 0) console.log(`  wrong: ${wrong.length}, e.g. ${wrong.slice(0, 3).join(", ")}`);
    for (const { provider, nodes, ops } of await reportProviders(graph, feeds, options))
      console.log(`  ${provider}: ${nodes} kernels, ${[...ops].map(([op, n]) => `${op} ${n}`).join(", ")}`);
  } catch (error) {
    console.log(`${target}: ${(error as Error).message.slice(0, 300)}`);
  }
}
