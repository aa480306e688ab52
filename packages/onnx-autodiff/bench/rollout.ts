/**
 * Generation for GRPO: one decoding step of G rollouts of one prompt, by time-major caches that share the prompt against
 * onnxruntime's GroupQueryAttention with an in-place cache: `npx tsx bench/rollout.ts [prompt] [group] [rounds]`.
 * The two alternate; both are checked to give the same logits. Prints a Markdown table.
 */
import {
  add,
  cachedAttention,
  concat,
  createSession,
  Graph,
  gather,
  linear,
  matmul,
  mul,
  type Params,
  reshape,
  reshapeDynamic,
  rmsNorm,
  rope,
  ropeTables,
  type Session,
  silu,
  sizeOf,
  softmax,
  splitDynamic,
  type Tensor,
  timeMajorContext,
  timeMajorScores,
  transpose,
  type Value,
} from "../src/index.js";
import { CONFIG as c, initialWeights } from "./training-step.js";

const [prompt = 2048, group = 6, rounds = 5] = process.argv.slice(2).map(Number);
const own = 64; // tokens each rollout has generated so far
const capacity = prompt + 2 * own;
const width = c.headSize;
const perToken = c.kvHeads * width;

type Attend = (layer: number, q: Value, k: Value, v: Value) => Value;

/** The decoder around an attention: ids [group] -> logits [group, V]. */
function decodeStep(graph: Graph, attend: Attend): void {
  const known = new Map<string, Value>();
  const p: Params = (name, shape) => {
    const value =
      known.get(name) ??
      graph.initializer(
        name,
        "float32",
        shape,
        initialWeights(name, sizeOf(shape)).map((x) => x * 2),
      );
    known.set(name, value);
    return value;
  };
  const embedding = p("model.embed_tokens.weight", [c.vocabulary, c.hidden]);
  let x = gather(embedding, graph.input("ids", "int32", [group]));
  for (let i = 0; i < c.layers; i++) {
    const name = `model.layers.${i}`;
    const h = rmsNorm(x, p(`${name}.input_layernorm.weight`, [c.hidden]), c.epsilon);
    const project = (key: string, size: number): Value =>
      reshape(linear(p, `${name}.self_attn.${key}`, h, size, true), [group, 1, size]);
    const context = attend(
      i,
      project("q_proj", c.heads * width),
      project("k_proj", perToken),
      project("v_proj", perToken),
    );
    x = add(x, linear(p, `${name}.self_attn.o_proj`, reshape(context, [group, c.heads * width]), c.hidden, false));
    const h1 = rmsNorm(x, p(`${name}.post_attention_layernorm.weight`, [c.hidden]), c.epsilon);
    const gated = mul(
      silu(linear(p, `${name}.mlp.gate_proj`, h1, c.feedForward, false)),
      linear(p, `${name}.mlp.up_proj`, h1, c.feedForward, false),
    );
    x = add(x, linear(p, `${name}.mlp.down_proj`, gated, c.hidden, false));
  }
  graph.output(
    "logits",
    matmul(rmsNorm(x, p("model.norm.weight", [c.hidden]), c.epsilon), embedding, { transposeB: true }),
  );
}

/** Prompt and own keys of one layer: key t of rollout r, the same numbers for both contenders. */
const keyValue = (layer: number, which: number, t: number, r: number, j: number): number =>
  Math.sin(layer + 2.1 * which + 0.37 * t + (t < prompt ? 0 : 1.3 * r) + 0.11 * j);

async function groupQuery(): Promise<() => Promise<Float32Array>> {
  const graph = new Graph();
  const tables = ropeTables(capacity, width, 1e6);
  const cos = graph.initializer("rope_cos", "float32", [capacity, width / 2], Float32Array.from(tables.cos));
  const sin = graph.initializer("rope_sin", "float32", [capacity, width / 2], Float32Array.from(tables.sin));
  const [lengths, total] = [graph.input("lengths", "int32", [group]), graph.input("total", "int32", [1])];
  const feeds: Record<string, Tensor> = {};
  const fetches: Record<string, Tensor> = {};
  const dims = [group, c.kvHeads, capacity, width];
  decodeStep(graph, (layer, q, k, v) => {
    const past = ["k", "v"].map((kind, which) => {
      const data = new Float32Array(sizeOf(dims));
      for (let r = 0; r < group; r++)
        for (let h = 0; h < c.kvHeads; h++)
          for (let t = 0; t < prompt + own; t++)
            for (let j = 0; j < width; j++)
              data[((r * c.kvHeads + h) * capacity + t) * width + j] = keyValue(layer, which, t, r, h * width + j);
      feeds[`past_${kind}.${layer}`] = fetches[`present_${kind}.${layer}`] = { data, dims };
      return graph.input(`past_${kind}.${layer}`, "float32", dims);
    }) as [Value, Value];
    const [y, k1, v1] = cachedAttention(
      { q, k, v, pastK: past[0], pastV: past[1], lengths, total, cos, sin },
      c.heads,
      c.kvHeads,
    );
    graph.output(`present_k.${layer}`, k1);
    graph.output(`present_v.${layer}`, v1);
    return y;
  });
  const session = await createSession(graph);
  const logits = new Float32Array(group * c.vocabulary);
  const ids = new Int32Array(group).map((_, i) => i + 5);
  const steps = { lengths: new Int32Array(group).fill(prompt + own), total: Int32Array.of(prompt + own + 1), ids };
  return async () => {
    await session.run({ ...feeds, ...steps }, { fetches: { ...fetches, logits } });
    return logits;
  };
}

async function sharedPrompt(): Promise<() => Promise<Float32Array>> {
  const graph = new Graph();
  const [heads, perGroup, nominal] = [c.kvHeads, c.heads / c.kvHeads, 2];
  const [cos, sin] = ["cos", "sin"].map((name) => graph.input(name, "float32", [group, 1, width / 2])) as [
    Value,
    Value,
  ];
  const sizes = graph.input("sizes", "int64", [3]);
  const feeds: Record<string, Tensor> = {};
  const cache = (kind: string, layer: number, which: number, from: number, count: number, rollouts: number): Value => {
    const data = new Float32Array(count * rollouts * perToken);
    for (let t = 0; t < count; t++)
      for (let r = 0; r < rollouts; r++)
        for (let j = 0; j < perToken; j++)
          data[(t * rollouts + r) * perToken + j] = keyValue(layer, which, from + t, r, j);
    const name = `${kind}.${layer}.${which}`;
    feeds[name] = { data, dims: [count, rollouts, heads, width] };
    return graph.input(name, "float32", [nominal, rollouts, heads, width], { 0: kind });
  };
  const scale = 1 / Math.sqrt(width);
  decodeStep(graph, (layer, q0, k0, v0) => {
    const q = reshape(rope(q0, cos, sin, c.heads), [group, heads, perGroup, width]);
    const k = reshape(rope(k0, cos, sin, heads), [group, heads, 1, width]);
    const v = reshape(v0, [group, heads, 1, width]);
    const [promptK, promptV] = [0, 1].map((w) => cache("prompt", layer, w, 0, prompt, 1)) as [Value, Value];
    const [ownK, ownV] = [0, 1].map((w) => cache("own", layer, w, prompt, own, group)) as [Value, Value];
    // All rollouts' queries meet the shared prompt in one product: fold the batch into rows.
    const folded = reshape(transpose(q, [1, 0, 2, 3]), [1, heads, group * perGroup, width]);
    const onPrompt = reshapeDynamic(
      timeMajorScores(folded, promptK, scale),
      [heads, group, perGroup, -1],
      [heads, group, perGroup, nominal],
    );
    const scores = [
      matmul(q, k, { transposeB: true, alpha: scale }),
      timeMajorScores(q, ownK, scale),
      transpose(onPrompt, [1, 0, 2, 3]),
    ];
    const [pn, po, pp] = splitDynamic(softmax(concat(scores, -1)), sizes, [1, nominal, nominal], 3) as [
      Value,
      Value,
      Value,
    ];
    const rows = reshapeDynamic(
      transpose(pp, [1, 0, 2, 3]),
      [1, heads, group * perGroup, -1],
      [1, heads, group * perGroup, nominal],
    );
    const fromPrompt = transpose(
      reshape(timeMajorContext(rows, promptV), [heads, group, perGroup, width]),
      [1, 0, 2, 3],
    );
    graph.output(`new_k.${layer}`, k);
    graph.output(`new_v.${layer}`, v);
    return add(add(matmul(pn, v), timeMajorContext(po, ownV)), fromPrompt);
  });
  const session: Session = await createSession(graph);
  const { cos: cosines, sin: sines } = ropeTables(new Array<number>(group).fill(prompt + own), width, 1e6);
  const angles = { cos: Float32Array.from(cosines), sin: Float32Array.from(sines) };
  const ids = new Int32Array(group).map((_, i) => i + 5);
  const logits = new Float32Array(group * c.vocabulary);
  return async () => {
    const results = await session.run({
      ...feeds,
      ...angles,
      ids,
      sizes: BigInt64Array.of(1n, BigInt(own), BigInt(prompt)),
    });
    logits.set(results.logits?.data as Float32Array);
    return logits;
  };
}

const contenders = {
  "GroupQueryAttention, in-place cache": await groupQuery(),
  "time-major, shared prompt": await sharedPrompt(),
};
const times = new Map<string, number[]>();
const logits: Float32Array[] = [];
for (const [name, step] of Object.entries(contenders)) {
  logits.push((await step()).slice());
  await step();
  times.set(name, []);
}
const worst = (logits[0] as Float32Array).reduce(
  (m, x, i) => Math.max(m, Math.abs(x - ((logits[1] as Float32Array)[i] as number))),
  0,
);
for (let round = 0; round < rounds; round++) {
  for (const [name, step] of Object.entries(contenders)) {
    for (let i = 0; i < 10; i++) {
      const start = performance.now();
      await step();
      times.get(name)?.push(performance.now() - start);
    }
  }
}
console.log(
  `prompt ${prompt}, group ${group}, ${own} own tokens; largest difference of logits ${worst.toExponential(1)}`,
);
console.log("| | ms a step, median | best | tokens/s (median) |\n|---|---|---|---|");
for (const [name, ms] of times) {
  ms.sort((a, b) => a - b);
  const median = ms[ms.length >> 1] as number;
  console.log(
    `| ${name} | ${median.toFixed(2)} | ${(ms[0] as number).toFixed(2)} | ${((group / median) * 1e3).toFixed(0)} |`,
  );
}
