/**
 * What padding costs, and what layouts without it save: forward and backward of a decoder over one micro-batch of mixed
 * lengths, every layout in turn, then whole calls of `atSftGradients`, padded and packed. CPU seconds of one thread, best
 * of the rounds, so that other programs on the machine matter little.
 * usage: npx tsx bench/packing.ts [demo | wide] [authors | uniform | alike] [samples]
 */
import { groupMicroBatches } from "@videosafety/alarm-tokens/train";
import {
  causalMask,
  createRng,
  createSession,
  equal,
  type Feed,
  Graph,
  gather,
  grad,
  HIDDEN,
  mul,
  reshape,
  ropeTables,
  type Session,
  selfAttention,
  sumAll,
  type Value,
  where,
} from "@videosafety/onnx-autodiff";
import { decoder, embeddingTable } from "../src/graph/decoder.js";
import { type AttentionBlock, type BlockAttention, packedAttention } from "../src/graph/packed-attention.js";
import {
  createVideoLlm,
  type PreparedSample,
  parameterSpecs,
  REQUIRED_TOKENS,
  resolveConfig,
  trainByteLevelBpe,
} from "../src/index.js";
import { planMicroBatches } from "../src/passes/batch.js";
import { bucketSize } from "../src/passes/bucket.js";
import { packedLayout, planPackedRuns } from "../src/passes/packing.js";
import { freshTensor, ParameterStore } from "../src/weights/parameter-store.js";

const vision = { hiddenSize: 96, intermediateSize: 192, layers: 1, heads: 4 };
const SIZES = {
  // The demo's base (examples/sign-world/assets/base), and a wider decoder.
  demo: { hiddenSize: 128, intermediateSize: 320, layers: 3, heads: 4, keyValueHeads: 2, vocabularySize: 2016, vision },
  wide: {
    hiddenSize: 512,
    intermediateSize: 1536,
    layers: 2,
    heads: 8,
    keyValueHeads: 2,
    vocabularySize: 8192,
    vision,
  },
};
const between = (from: number, to: number): number => from + rng.integer(to - from + 1);
const MIXTURES = {
  /** The authors' 6k videos + 2k videos with long answers + 2k images and texts, at a tenth of their lengths. */
  authors: () => {
    const source = rng.integer(10);
    return source < 6 ? between(300, 600) : source < 8 ? between(250, 500) : between(30, 150);
  },
  uniform: () => between(30, 600),
  /** As long as the samples of the demo's stage 2: 26 to 169 tokens, the middle one 133. */
  alike: () => (rng.integer(4) === 0 ? between(26, 110) : between(110, 169)),
};

const [size = "demo", mixture = "authors", count = "8"] = process.argv.slice(2) as [
  keyof typeof SIZES,
  keyof typeof MIXTURES,
  string,
];
const ROUNDS = size === "demo" ? 5 : 2;
const rng = createRng(3);
const config = resolveConfig(SIZES[size]);
const lengths = draw();
const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const store = new ParameterStore(new Map(parameterSpecs(config).map((spec) => [spec.name, freshTensor(spec, 1)])));
store.select(["llm"]);

/** Lengths of a micro-batch, longest first. */
function draw(): number[] {
  return Array.from({ length: Number(count) }, MIXTURES[mixture]).sort((a, b) => b - a);
}

/** One graph of a layout. */
interface Run {
  readonly key: string;
  readonly batch: number;
  readonly length: number;
  readonly positions: Int32Array;
  readonly feeds?: Readonly<Record<string, Int32Array>>;
  attend(graph: Graph): BlockAttention;
}

const causal: BlockAttention = (q, k, v) =>
  selfAttention(q, k, v, { heads: config.heads, kvHeads: config.keyValueHeads });

function padded(own: readonly number[]): Run {
  const [batch, length] = [own.length, bucketSize(own[0] as number)];
  const positions = Int32Array.from({ length: batch * length }, (_, i) => i % length);
  return { key: `${batch}x${length}`, batch, length, positions, attend: () => causal };
}

/** As few padded runs as pay: the cheapest cut of the sorted lengths, when a run costs as much as 300 tokens. */
function splitRuns(own: readonly number[]): Run[] {
  const best = [{ cost: 0, from: 0 }];
  for (let end = 1; end <= own.length; end++) {
    for (let from = 0; from < end; from++) {
      const cost = (best[from]?.cost as number) + 300 + (end - from) * bucketSize(own[from] as number);
      if (cost < (best[end]?.cost ?? Number.POSITIVE_INFINITY)) best[end] = { cost, from };
    }
  }
  const runs: Run[] = [];
  for (let end = own.length; end > 0; end = best[end]?.from as number)
    runs.push(padded(own.slice(best[end]?.from, end)));
  return runs;
}

/** One row, in which a mask hides the other sequences. */
function masked(own: readonly number[]): Run {
  const length = bucketSize(total(own));
  const segments = new Int32Array(length).fill(-1);
  const positions = new Int32Array(length);
  let next = 0;
  own.forEach((tokens, segment) => {
    for (let i = 0; i < tokens; i++, next++) [segments[next], positions[next]] = [segment, i];
  });
  const attend = (graph: Graph): BlockAttention => {
    const ids = graph.input("segments", "int32", [1, 1, 1, length]);
    const triangle = graph.initializer(undefined, "float32", [1, 1, length, length], causalMask(length));
    const own = equal(ids, reshape(ids, [1, 1, length, 1]));
    const mask = where(own, triangle, graph.scalar(HIDDEN, "float32"));
    return (q, k, v) => selfAttention(q, k, v, { heads: config.heads, kvHeads: config.keyValueHeads, mask });
  };
  return { key: `${length}`, batch: 1, length, positions, feeds: { segments }, attend };
}

/** Unpadded but for attention, in the given blocks (by default those that video-llm runs). */
function packed(own: readonly number[], blocks?: AttentionBlock[]): Run {
  const { shape, tokens, feeds } = packedLayout(own, blocks);
  return {
    key: JSON.stringify([tokens, shape.blocks]),
    batch: 1,
    length: tokens,
    positions: feeds.positions,
    feeds,
    attend: (graph) => packedAttention(graph, tokens, shape, causal),
  };
}

const LAYOUTS: Record<string, (own: readonly number[]) => Run[]> = {
  padded: (own) => [padded(own)],
  "(c) several padded runs": splitRuns,
  "(a) one row, mask": (own) => [masked(own)],
  "(b) a block a sequence": (own) => [
    packed(
      own,
      own.map((length, i) => ({ rows: 1, length: length + (i ? 0 : 1) })),
    ),
  ],
  "(d) one padded block": (own) => [
    packed(own, [{ rows: own.length, length: bucketSize((own[0] as number) + 1, 32) }]),
  ],
  "(d) packing: true": (own) => [packed(own)],
};

async function compile(run: Run): Promise<() => Promise<unknown>> {
  const graph = new Graph();
  const { params, inputs } = store.params(graph);
  const { batch, length } = run;
  const tokens = batch * length;
  const table = (name: string): Value => graph.input(name, "float32", [batch, length, config.headSize / 2]);
  const rows = { batch, length, cos: table("cos"), sin: table("sin") };
  const x = gather(embeddingTable(config, params), graph.input("ids", "int32", [tokens]));
  const hidden = decoder(config, params, x, rows, { attend: run.attend(graph) });
  const loss = sumAll(mul(hidden, graph.input("cotangents", "float32", [tokens, config.hiddenSize])));
  grad(loss, [...inputs.values()]).forEach((gradient, i) => {
    graph.output(`d${i}`, gradient);
  });
  const session: Session = await createSession(graph, { threads: 1 });
  sessions.push(session);
  const { cos, sin } = ropeTables(run.positions, config.headSize, config.ropeTheta);
  const feeds: Record<string, Feed> = {
    ...store.feeds(inputs.keys()),
    ...Object.fromEntries(Object.entries(run.feeds ?? {}).filter(([name]) => session.inputNames.includes(name))),
    ids: Int32Array.from({ length: tokens }, (_, i) => i % config.vocabularySize),
    cos: Float32Array.from(cos),
    sin: Float32Array.from(sin),
    cotangents: new Float32Array(tokens * config.hiddenSize).fill(0.01),
  };
  return () => session.run(feeds);
}
const sessions: Session[] = [];

/** CPU seconds of some work. */
async function cpu(work: () => Promise<unknown>): Promise<number> {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

/** Best CPU seconds of each program, in turn; the first round does not count. */
async function race(programs: (() => Promise<unknown>)[]): Promise<number[]> {
  const best = programs.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [i, program] of programs.entries()) {
      const seconds = await cpu(program);
      if (round > 0) best[i] = Math.min(best[i] as number, seconds);
    }
  }
  return best;
}

/** Runs of a trainer that takes 2560 samples in batches, each in micro-batches of 8 of similar length. */
function shares(batchSize: number): Record<string, unknown> {
  const found = { padded: 0, packed: 0 };
  const shapes = { padded: new Set<string>(), packed: new Set<string>() };
  let real = 0;
  for (let taken = 0; taken < 2560; taken += batchSize) {
    const own = Array.from({ length: batchSize }, MIXTURES[mixture]);
    real += total(own);
    for (const indices of groupMicroBatches(own, { maxSamples: 8 })) {
      const sequences = indices.map((i) => ({
        prompt: { tokenIds: new Int32Array(own[i] as number), visual: [] } as unknown as PreparedSample["prompt"],
        completionIds: new Int32Array(0),
      }));
      for (const { indices: members, length } of planMicroBatches(sequences, 4096, false)) {
        found.padded += members.length * length;
        shapes.padded.add(`${members.length}x${length}`);
      }
      for (const { length, packed: layout } of planPackedRuns(sequences, 4096, false)) {
        found.packed += length;
        shapes.packed.add(JSON.stringify([length, layout?.shape]));
      }
    }
  }
  return {
    batchSize,
    perDeviceTrainBatchSize: 8,
    paddingShare: +(1 - real / found.padded).toFixed(2),
    packedShare: +(1 - real / found.packed).toFixed(2),
    shapes: shapes.padded.size,
    packedShapes: shapes.packed.size,
  };
}

/** A text sample of so many tokens, a sixth of them (at most 40) to learn. */
function sampleOf(length: number): PreparedSample {
  const completion = Math.min(40, Math.floor(length / 6));
  const ids = (n: number): Int32Array => Int32Array.from({ length: n }, () => rng.integer(250));
  const tokenIds = ids(length - completion + 1);
  const alarmPositions = { visual: tokenIds.length - 4, textual: tokenIds.length - 3 };
  const prompt = { tokenIds, visual: [], visualPositions: new Int32Array(0), alarmPositions };
  return { prompt, completionIds: ids(completion), labels: { visual: 0, textual: 1 } } as unknown as PreparedSample;
}

const real = total(lengths);
const bucketed = bucketSize(lengths[0] as number) * lengths.length;
console.log(
  JSON.stringify({
    size,
    mixture,
    samples: lengths.length,
    realTokens: real,
    paddedShare: +(1 - real / bucketed).toFixed(2),
  }),
);
for (const batchSize of [16, 128]) console.log(JSON.stringify(shares(batchSize)));

const layouts = Object.entries(LAYOUTS).map(([name, layout]) => ({ name, layout, runs: layout(lengths) }));
const programs = await Promise.all(
  layouts.map(async ({ runs }) => {
    const compiled = await Promise.all(runs.map(compile));
    return async () => {
      for (const run of compiled) await run();
    };
  }),
);
const seconds = await race(programs);
for (const session of sessions) await session.dispose();
const many = Array.from({ length: 200 }, draw);
layouts.forEach(({ name, layout, runs }, i) => {
  console.log(
    JSON.stringify({
      layout: name,
      tokens: total(runs.map(({ batch, length }) => batch * length)),
      seconds: +(seconds[i] as number).toFixed(3),
      timesPadded: +((seconds[0] as number) / (seconds[i] as number)).toFixed(2),
      graphsOf200: new Set(many.flatMap((own) => layout(own).map(({ key }) => key))).size,
    }),
  );
});

const tokenizer = trainByteLevelBpe({ texts: ["a"], vocabularySize: 256, specialTokens: REQUIRED_TOKENS });
const models = [false, true].map((packing) =>
  createVideoLlm({ config: SIZES[size], tokenizer: { tokenizer }, seed: 1, packing, threads: 1 }),
);
const options = { groups: ["llm", "alarmTokens", "classifiers"] as const, lambdaVisual: 0.1, lambdaTextual: 0.1 };
const samples = lengths.map(sampleOf);
const [whole, unpadded] = (await race(models.map((model) => () => model.atSftGradients(samples, options)))) as [
  number,
  number,
];
console.log(
  JSON.stringify({
    atSftGradients: "one micro-batch",
    padded: +whole.toFixed(3),
    packed: +unpadded.toFixed(3),
    ratio: +(whole / unpadded).toFixed(2),
  }),
);
if (size === "demo") {
  const batches = many.slice(0, 60).map((own) => own.map(sampleOf));
  const cold: number[] = [];
  for (const model of models) {
    await model.dispose();
    cold.push(
      await cpu(async () => {
        for (const batch of batches) await model.atSftGradients(batch, options);
      }),
    );
  }
  const [before, after] = cold as [number, number];
  console.log(
    JSON.stringify({
      atSftGradients: `${batches.length} micro-batches, graphs compiled on the way`,
      padded: +before.toFixed(1),
      packed: +after.toFixed(1),
      ratio: +(before / after).toFixed(2),
    }),
  );
}
for (const model of models) await model.dispose();
