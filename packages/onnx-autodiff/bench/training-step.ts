/** The benchmark model: a 6.8M-parameter Qwen2-shaped decoder with tied embeddings and a next-token loss over every position. */
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import {
  AdamW,
  createRng,
  createSession,
  type DType,
  Graph,
  gather,
  grad,
  type Params,
  ropeTables,
  type SessionOptions,
  sizeOf,
  type TrainableTensor,
  type TypedData,
  tokenLogProbs,
  type Value,
  weightedNll,
} from "../src/index.js";
import { type DecoderConfig, decoder } from "../test/models/decoder.js";

export const CONFIG: DecoderConfig = {
  vocabulary: 4096,
  hidden: 256,
  layers: 6,
  heads: 8,
  kvHeads: 2,
  headSize: 32,
  feedForward: 1024,
  epsilon: 1e-6,
  chunk: 128,
  checkpoint: false,
};

export interface StepOptions {
  readonly mode: "full" | "lora" | "forward";
  readonly batch?: number;
  readonly sequence?: number;
  readonly config?: Partial<DecoderConfig>;
  readonly session?: SessionOptions;
  /** Directory for frozen weights as external data, which onnxruntime maps instead of copying. */
  readonly weightsDirectory?: string;
  /** Keep [N, V] logits for the backward pass. */
  readonly keepLogits?: boolean;
}

export interface TrainingStep {
  /** One forward, backward and update; returns the loss. */
  run(): Promise<number>;
  /** Multiply-add FLOPs of the graph's matrix products. */
  readonly flops: number;
  readonly tokens: number;
  readonly parameters: number;
  readonly trainable: number;
  /** Building, differentiating and creating the session, without drawing random weights. */
  readonly startMs: number;
  dispose(): Promise<void>;
}

/** Normal(0, 0.02) weights by name, ones for norms, zeros for biases and lora_B. */
export function initialWeights(name: string, size: number): Float32Array {
  let hash = 7;
  for (const ch of name) hash = (Math.imul(hash, 31) + ch.charCodeAt(0)) | 0;
  const rng = createRng(hash);
  const data = new Float32Array(size);
  if (/norm\.weight$/.test(name)) return data.fill(1);
  if (/lora_B|bias/.test(name)) return data;
  return data.map(() => rng.normal() * 0.02);
}

export async function createTrainingStep(options: StepOptions): Promise<TrainingStep> {
  const { mode, batch = 4, sequence = 512, keepLogits = true, session: sessionOptions = {} } = options;
  const config = { ...CONFIG, ...options.config };
  const tokens = batch * sequence;
  const start = performance.now();
  const graph = new Graph();
  const feeds: Record<string, TypedData> = {};
  const values = new Map<string, Value>();
  const parameters = new Map<string, TrainableTensor>();
  let [count, offset, weightsMs] = [0, 0, 0];
  const { weightsDirectory } = options;
  const file = weightsDirectory === undefined ? undefined : openSync(join(weightsDirectory, "weights.bin"), "w");
  const params =
    (train: boolean): Params =>
    (name, shape) => {
      const known = values.get(name);
      if (known) return known;
      const drawing = performance.now();
      const data = initialWeights(name, sizeOf(shape));
      weightsMs += performance.now() - drawing;
      count += data.length;
      if (!train && file !== undefined) {
        const bytes = new Uint8Array(data.buffer);
        writeSync(file, bytes);
        const external = { kind: "external" as const, location: "weights.bin", offset, length: bytes.length };
        offset += bytes.length;
        const mapped = graph.initializer(name, "float32", shape, external);
        values.set(name, mapped);
        return mapped;
      }
      const value = train ? graph.input(name, "float32", shape) : graph.initializer(name, "float32", shape, data);
      if (train) {
        parameters.set(name, { data, dims: shape, group: "all" });
        feeds[name] = data;
      }
      values.set(name, value);
      return value;
    };
  const feed = (name: string, dtype: DType, shape: readonly number[], data: TypedData): Value => {
    feeds[name] = data;
    return graph.input(name, dtype, shape);
  };
  const rng = createRng(11);
  const ids = Int32Array.from({ length: tokens }, () => rng.integer(config.vocabulary));
  const { cos, sin } = ropeTables(
    Array.from({ length: tokens }, (_, i) => i % sequence),
    config.headSize,
    1e6,
  );
  const half = [batch, sequence, config.headSize / 2];
  const io = {
    batch,
    sequence,
    cos: feed("cos", "float32", half, Float32Array.from(cos)),
    sin: feed("sin", "float32", half, Float32Array.from(sin)),
  };
  const base = params(mode === "full");
  const lora = mode === "lora" ? { rank: 16, alpha: 32, params: params(true) } : undefined;
  const embedding = base("model.embed_tokens.weight", [config.vocabulary, config.hidden]);
  const hidden = decoder(config, base, gather(embedding, feed("ids", "int32", [tokens], ids)), io, lora);
  const targets = feed(
    "targets",
    "int64",
    [tokens],
    BigInt64Array.from({ length: tokens }, (_, i) => BigInt(ids[(i + 1) % tokens] as number)),
  );
  const logProbs = tokenLogProbs(hidden, embedding, targets, { chunk: 512, keepLogits });
  const loss = weightedNll(logProbs, feed("weights", "float32", [tokens], new Float32Array(tokens).fill(1)));
  graph.output("loss", loss);
  const fetches: Record<string, Float32Array> = { loss: new Float32Array(1) };
  const gradients = new Map<string, Float32Array>();
  if (mode !== "forward") {
    const wanted = [...parameters.keys()].map((name) => values.get(name) as Value);
    for (const [i, gradient] of grad(loss, wanted).entries()) {
      const name = wanted[i]?.name as string;
      graph.output(`d:${name}`, gradient);
      gradients.set(name, new Float32Array(sizeOf(gradient.shape)));
      fetches[`d:${name}`] = gradients.get(name) as Float32Array;
    }
  }
  const optimizer = new AdamW(parameters);
  if (file !== undefined) closeSync(file);
  const external = weightsDirectory === undefined ? {} : { externalDataDirectory: weightsDirectory, prepacking: false };
  const session = await createSession(graph, { ...external, ...sessionOptions });
  const startMs = performance.now() - start - weightsMs;
  const trainable = [...parameters.values()].reduce((n, p) => n + p.data.length, 0);
  return {
    async run() {
      await session.run(feeds, { fetches });
      if (mode !== "forward") optimizer.step(gradients);
      return fetches.loss?.[0] as number;
    },
    flops: graph.matmulFlops(),
    tokens,
    parameters: count - (mode === "lora" ? trainable : 0),
    trainable,
    startMs,
    dispose: () => session.dispose(),
  };
}
