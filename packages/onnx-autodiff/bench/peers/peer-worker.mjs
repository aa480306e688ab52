/**
 * One peer as a contender of bench/train.ts; protocol of step-worker.ts. argv[2]: { library: "jax" | "tfjs", threads, batch, sequence }.
 * The weights, tokens and targets are those of training-step.ts, so the first loss must be the same.
 */
import { createInterface } from "node:readline";
import { createRng, ropeTables } from "../../src/index.js";
import { CONFIG, initialWeights } from "../training-step.js";

const options = { batch: 4, sequence: 512, threads: 2, ...JSON.parse(process.argv[2] ?? "{}") };
const { batch, sequence, library } = options;
const tokens = batch * sequence;
const { hidden, headSize, heads, kvHeads, feedForward, layers, vocabulary } = CONFIG;
const shapes = { "model.embed_tokens.weight": [vocabulary, hidden], "model.norm.weight": [hidden] };
for (let i = 0; i < layers; i++) {
  const add = (key, shape) => {
    shapes[`model.layers.${i}.${key}`] = shape;
  };
  add("input_layernorm.weight", [hidden]);
  add("post_attention_layernorm.weight", [hidden]);
  for (const [key, n] of Object.entries({ q_proj: heads, k_proj: kvHeads, v_proj: kvHeads })) {
    add(`self_attn.${key}.weight`, [n * headSize, hidden]);
    add(`self_attn.${key}.bias`, [n * headSize]);
  }
  add("self_attn.o_proj.weight", [hidden, heads * headSize]);
  add("mlp.gate_proj.weight", [feedForward, hidden]);
  add("mlp.up_proj.weight", [feedForward, hidden]);
  add("mlp.down_proj.weight", [hidden, feedForward]);
}
const size = (shape) => shape.reduce((a, b) => a * b, 1);
const weights = Object.entries(shapes).map(([name, shape]) => ({
  name,
  shape,
  data: initialWeights(name, size(shape)),
}));
const rng = createRng(11);
const ids = Int32Array.from({ length: tokens }, () => rng.integer(vocabulary));
const { cos, sin } = ropeTables(sequence, headSize, 1e6);
const model = {
  config: CONFIG,
  batch,
  sequence,
  weights,
  ids,
  targets: Int32Array.from(ids, (_, i) => ids[(i + 1) % tokens]),
  cos: Float32Array.from(cos),
  sin: Float32Array.from(sin),
};
const start = performance.now();
const step =
  library === "jax"
    ? await (await import("./jax-step.mjs")).createJaxStep(options, model)
    : await (await import("./tfjs-step.mjs")).createTfjsStep(options, model);
const parameters = weights.reduce((n, w) => n + w.data.length, 0);
console.log(
  JSON.stringify({ flops: 0, tokens, parameters, trainable: parameters, startMs: performance.now() - start }),
);
for await (const line of createInterface({ input: process.stdin })) {
  const ms = [];
  const losses = [];
  for (let i = 0; i < Number(line.split(" ")[1]); i++) {
    const begin = performance.now();
    losses.push(await step.run());
    ms.push(performance.now() - begin);
  }
  const peakRssMB = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(JSON.stringify({ ms, loss: losses[0], peakRssMB }));
}
process.exit(0);
