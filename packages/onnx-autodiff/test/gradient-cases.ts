import type { Value } from "../src/index.js";
import * as o from "../src/index.js";
import type { Builder, Case } from "./gradient-check.js";
import { type DecoderConfig, decoder } from "./models/decoder.js";
import { vit } from "./models/vit.js";

const unary =
  (f: (x: Value) => Value, positive = false): Case =>
  ({ param, weigh }) => {
    const x = param("x", [3, 5]);
    return weigh(f(positive ? o.add(o.mul(x, x), 0.5) : x));
  };
const binary =
  (f: (a: Value, b: Value) => Value): Case =>
  ({ param, weigh }) => {
    const [a, b] = [param("a", [2, 3, 4]), param("b", [3, 1])];
    return weigh(f(a, b));
  };
const square = (x: Value): Value => o.add(o.mul(x, x), 0.5);
const product =
  (transposeA: boolean, transposeB: boolean): Case =>
  ({ param, weigh }) =>
    weigh(
      o.matmul(param("a", transposeA ? [2, 4, 3] : [2, 3, 4]), param("b", transposeB ? [5, 4] : [4, 5]), {
        transposeA,
        transposeB,
        alpha: 0.7,
      }),
    );

const attentionInputs = ({ param }: Builder, rows = 7, length = 7): [Value, Value, Value] => [
  param("q", [2, 2, 2, rows, 4]),
  param("k", [2, 2, length, 4]),
  param("v", [2, 2, length, 4]),
];
const mask = (b: Builder, rows: number): Value =>
  b.data("mask", "float", [1, 1, rows, rows], o.causalMask(rows, [0, 0, 0, 1, 1, 1, 1].slice(0, rows)));
const logProbs =
  (options: o.TokenLogProbsOptions): Case =>
  ({ param, data, weigh }) =>
    weigh(
      o.tokenLogProbs(
        param("h", [7, 4]),
        param("w", [11, 4]),
        data("t", "int32", [7], [3, 0, 10, 3, 3, 7, 1]),
        options,
      ),
    );

const tiny: DecoderConfig = {
  vocabulary: 19,
  hidden: 24,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 8,
  feedForward: 40,
  epsilon: 1e-6,
  chunk: 64,
  checkpoint: false,
};
/** Decoder with extra embeddings, packed masking, a selective LM loss and a binary head. */
const decoderCase =
  (config: DecoderConfig, lora = false): Case =>
  ({ param, data }) => {
    const [batch, sequence] = [2, 9];
    const { cos, sin } = o.ropeTables([...Array(sequence).keys(), ...Array(sequence).keys()], config.headSize);
    const io = {
      batch,
      sequence,
      cos: data("cos", "float", [batch, sequence, config.headSize / 2], cos),
      sin: data("sin", "float", [batch, sequence, config.headSize / 2], sin),
      mask: data("mask", "float", [1, 1, sequence, sequence], o.causalMask(sequence, [0, 0, 0, 0, 1, 1, 1, 1, 1])),
    };
    const ids = data(
      "ids",
      "int32",
      [18],
      Array.from({ length: 18 }, (_, i) => (i * 7) % 22),
    );
    const embedding = param("embed.weight", [config.vocabulary, config.hidden]);
    const x = o.embedWithExtra(embedding, param("extra.weight", [3, config.hidden]), ids);
    const h = decoder(config, param, x, io, lora ? { rank: 3, alpha: 6, params: param } : undefined);
    const selected = o.gather(h, data("positions", "int32", [6], [1, 2, 5, 10, 12, 16]));
    const logProbs = o.tokenLogProbs(selected, embedding, data("targets", "int64", [6], [3, 0, 7, 18, 2, 2]), {
      chunk: 4,
    });
    const lm = o.weightedNll(logProbs, data("weights", "float", [6], [1, 1, 0.5, 1, 0, 2]));
    const pooled = o.reshape(o.mean(o.reshape(h, [batch, sequence, config.hidden]), 1), [batch, config.hidden]);
    return o.add(
      lm,
      o.bceWithLogits(o.linear(param, "head", pooled, 1, true), data("labels", "float", [batch, 1], [1, 0])),
    );
  };

/** Every op with a rule: ops that appear under `ops` are the rules a case exercises. */
export const gradientCases: Readonly<Record<string, { ops: readonly string[]; make: Case; step?: number }>> = {
  identity: { ops: ["Identity"], make: unary(o.identity) },
  neg: { ops: ["Neg"], make: unary(o.neg) },
  exp: { ops: ["Exp"], make: unary(o.exp) },
  log: { ops: ["Log"], make: unary(o.log, true) },
  sqrt: { ops: ["Sqrt"], make: unary(o.sqrt, true) },
  reciprocal: { ops: ["Reciprocal"], make: unary(o.reciprocal, true) },
  sin: { ops: ["Sin"], make: unary(o.sin) },
  cos: { ops: ["Cos"], make: unary(o.cos) },
  tanh: { ops: ["Tanh"], make: unary(o.tanh) },
  erf: { ops: ["Erf"], make: unary(o.erf) },
  sigmoid: { ops: ["Sigmoid"], make: unary(o.sigmoid) },
  softplus: { ops: ["Softplus"], make: unary(o.softplus) },
  relu: { ops: ["Relu"], make: unary(o.relu) },
  abs: { ops: ["Abs"], make: unary(o.abs) },
  silu: { ops: ["Silu"], make: unary(o.silu) },
  geluTanh: { ops: ["GeluTanh"], make: unary(o.geluTanh) },
  geluErf: { ops: ["GeluErf"], make: unary(o.geluErf) },
  cast: {
    ops: ["Cast"],
    make: unary((x) => o.cast(o.cast(x, x.dtype === "float64" ? "float32" : "float64"), x.dtype)),
    step: 0.25, // rounds to float32 on the way, so small steps would drown; the case is linear
  },
  add: { ops: ["Add"], make: binary((a, b) => o.mul(o.add(a, b), a)) },
  sub: { ops: ["Sub"], make: binary((a, b) => o.mul(o.sub(a, b), a)) },
  mul: { ops: ["Mul"], make: binary((a, b) => o.mul(o.mul(a, b), a)) },
  div: { ops: ["Div"], make: binary((a, b) => o.div(a, square(b))) },
  pow: { ops: ["Pow"], make: binary((a, b) => o.pow(square(a), b)) },
  min: { ops: ["Min"], make: binary((a, b) => o.min(a, b)) },
  max: { ops: ["Max"], make: binary((a, b) => o.max(a, b)) },
  where: { ops: ["Where"], make: binary((a, b) => o.where(o.greater(a, 0), a, o.mul(b, 2))) },
  reshape: { ops: ["Reshape"], make: unary((x) => o.exp(o.reshape(x, [5, 3]))) },
  transpose: { ops: ["Transpose"], make: ({ param, weigh }) => weigh(o.transpose(param("x", [2, 3, 4]), [2, 0, 1])) },
  expand: { ops: ["Expand"], make: ({ param, weigh }) => weigh(o.expand(param("x", [3, 1]), [2, 3, 4])) },
  concat: { ops: ["Concat"], make: ({ param, weigh }) => weigh(o.concat([param("a", [2, 3]), param("b", [2, 1])], 1)) },
  split: {
    ops: ["Split"],
    make: ({ param, weigh }) => {
      const [, b, c] = o.split(param("x", [4, 6]), [1, 2, 3], 1) as [Value, Value, Value];
      return o.add(weigh(o.exp(b)), weigh(c));
    },
  },
  slice: { ops: ["Slice"], make: ({ param, weigh }) => weigh(o.slice(param("x", [4, 6]), 1, 1, 4)) },
  pad: { ops: ["Pad"], make: ({ param, weigh }) => weigh(o.exp(o.pad(param("x", [4, 3]), 0, 1, 2))) },
  reduceSum: {
    ops: ["ReduceSum"],
    make: ({ param, weigh }) => weigh(o.exp(o.reduceSum(param("x", [2, 3, 4]), [0, 2], false))),
  },
  reduceMean: {
    ops: ["ReduceMean"],
    make: ({ param, weigh }) => weigh(o.exp(o.reduceMean(param("x", [2, 3, 4]), [1], true))),
  },
  reduceMax: {
    ops: ["ReduceMax"],
    make: ({ param, weigh }) => weigh(o.exp(o.reduceMax(param("x", [2, 3, 4]), [-1], false))),
  },
  softmax: { ops: ["Softmax"], make: unary((x) => o.softmax(x)) },
  "softmax, first axis": { ops: ["Softmax"], make: unary((x) => o.softmax(x, 0)) },
  logSoftmax: { ops: ["LogSoftmax"], make: unary((x) => o.logSoftmax(x)) },
  matmul: { ops: ["FusedMatMul"], make: product(false, false) },
  "matmul, a transposed": { ops: ["FusedMatMul"], make: product(true, false) },
  "matmul, b transposed": { ops: ["FusedMatMul"], make: product(false, true) },
  "matmul, both transposed": { ops: ["FusedMatMul"], make: product(true, true) },
  "gather, one-hot, duplicate ids": {
    ops: ["Gather"],
    make: ({ param, data, weigh }) =>
      weigh(o.gather(param("table", [5, 3]), data("ids", "int32", [7], [1, 0, 3, 3, 3, 1, 4]))),
  },
  "regrouped rows with gaps": {
    ops: [],
    make: ({ param, data, weigh }) => {
      const to = data("to", "int32", [6], [3, 0, 4, 1, 4, 2]); // row 4 fills the gaps, slots 2 and 4
      const back = data("back", "int32", [5], [1, 3, 5, 0, 2]);
      const y = o.regroupRows(param("x", [5, 2]), to, back);
      return weigh(o.gather(y, data("read", "int32", [4], [0, 1, 3, 5])));
    },
  },
  "gather, scatter, duplicate ids": {
    ops: ["Gather"],
    make: ({ param, data, weigh }) =>
      weigh(o.gather(param("table", [70, 2]), data("ids", "int64", [2, 3], [1, 69, 3, 3, 3, 1]))),
  },
  pickLast: {
    ops: ["GatherElements"],
    make: ({ param, data, weigh }) => weigh(o.pickLast(param("x", [3, 5]), data("i", "int32", [3], [4, 0, 2]))),
  },
  rmsNorm: {
    ops: ["RmsNorm"],
    make: ({ param, weigh }) => weigh(o.rmsNorm(param("x", [3, 8]), param("w", [8]), 1e-6)),
  },
  layerNorm: {
    ops: ["LayerNorm"],
    make: ({ param, weigh }) => weigh(o.layerNorm(param("x", [3, 8]), param("w", [8]), param("b", [8]), 1e-6)),
  },
  rope: {
    ops: ["Rope"],
    make: ({ param, data, weigh }) => {
      const { cos, sin } = o.ropeTables([0, 1, 2, 3, 4, 2, 2, 7, 8, 9], 8, 100);
      return weigh(
        o.rope(param("x", [2, 5, 16]), data("cos", "float", [2, 5, 4], cos), data("sin", "float", [2, 5, 4], sin), 2),
      );
    },
  },
  attention: { ops: [], make: (b) => b.weigh(o.attention(...attentionInputs(b))) },
  "attention, additive mask": {
    ops: [],
    make: (b) => b.weigh(o.attention(...attentionInputs(b), { mask: mask(b, 7) })),
  },
  "attention, recomputed": {
    ops: [],
    make: (b) => b.weigh(o.attention(...attentionInputs(b), { mask: mask(b, 7), recompute: true })),
  },
  "attention, causal chunks": { ops: [], make: (b) => b.weigh(o.causalAttention(...attentionInputs(b), { chunk: 3 })) },
  "attention, causal chunks, longer keys": {
    ops: [],
    make: (b) => b.weigh(o.causalAttention(...attentionInputs(b, 5, 8), { chunk: 2, recompute: true })),
  },
  "attention, packed chunks": {
    ops: [],
    make: (b) => b.weigh(o.causalAttention(...attentionInputs(b), { chunk: 3, mask: mask(b, 7) })),
  },
  "selfAttention, segments": {
    ops: [],
    make: ({ param, weigh }) =>
      weigh(
        o.selfAttention(param("q", [2, 7, 16]), param("k", [2, 7, 8]), param("v", [2, 7, 8]), {
          heads: 4,
          kvHeads: 2,
          segments: [3, 4],
          chunk: 2,
        }),
      ),
  },
  "attention in a checkpoint": {
    ops: [],
    make: (b) => {
      const [q, k, v] = attentionInputs(b);
      const inner = o.exp(q);
      return b.weigh(
        b.graph.region([inner], (x) => [o.causalAttention(o.tanh(x as Value), k, v, { chunk: 3 })])[0] as Value,
      );
    },
  },
  "tokenLogProbs, chunks": { ops: [], make: logProbs({ chunk: 3, temperature: 0.7 }) },
  "tokenLogProbs, kept logits": { ops: [], make: logProbs({ chunk: 4, keepLogits: true }) },
  bceWithLogits: {
    ops: [],
    make: ({ param, data }) => o.bceWithLogits(param("x", [4, 1]), data("y", "float", [4, 1], [0, 1, 1, 0])),
  },
  "linear with LoRA": {
    ops: [],
    make: ({ param, weigh }) =>
      weigh(o.linear(param, "layer", param("x", [3, 4]), 5, true, { rank: 2, alpha: 4, params: param })),
  },
  embedWithExtra: {
    ops: [],
    make: ({ param, data, weigh }) =>
      weigh(
        o.embedWithExtra(param("base", [5, 3]), param("extra", [2, 3]), data("ids", "int32", [6], [0, 5, 4, 6, 5, 4])),
      ),
  },
  decoder: { ops: [], make: decoderCase(tiny) },
  "decoder, LoRA": { ops: [], make: decoderCase(tiny, true) },
  "decoder, attention chunks": { ops: [], make: decoderCase({ ...tiny, chunk: 4 }) },
  "decoder, checkpointed": { ops: [], make: decoderCase({ ...tiny, checkpoint: true }) },
  "decoder, all of these": { ops: [], make: decoderCase({ ...tiny, checkpoint: true, chunk: 4 }, true) },
  vit: {
    ops: [],
    make: ({ param, data, weigh }) => {
      const patches = data(
        "patches",
        "float",
        [2, 6, 12],
        Array.from({ length: 144 }, (_, i) => Math.cos(i * 0.9)),
      );
      return weigh(vit({ hidden: 16, layers: 2, heads: 2, feedForward: 32, epsilon: 1e-6 }, param, patches));
    },
  },
};
