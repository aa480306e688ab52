import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decoder } from "../test/models/decoder.js";
import { vit } from "../test/models/vit.js";
import {
  AdamW,
  clipGradNorm,
  constantSchedule,
  cosineSchedule,
  createSession,
  type DType,
  dim,
  Graph,
  gather,
  grad,
  linearSchedule,
  mul,
  type Params,
  ropeTables,
  Sgd,
  type Shape,
  sizeOf,
  sumAll,
  type TrainableTensor,
  type TypedData,
  tokenLogProbs,
  toTypedData,
  type Value,
  weightedNll,
} from "./index.js";

const golden = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../test/golden/${name}.json`, import.meta.url), "utf8")) as T;
interface Model {
  readonly ids: number[];
  readonly patches: number[];
  readonly loss: number;
  readonly gradients: Readonly<Record<string, number[]>>;
}

/** The weights of tools/golden/onnx-autodiff.py. */
function goldenWeights(name: string, count: number): number[] {
  const s = ([...name].reduce((sum, ch) => sum + ch.charCodeAt(0), 0) % 97) + 1;
  const one = name.includes("norm") && name.endsWith("weight") ? 1 : 0;
  return Array.from({ length: count }, (_, i) => one + 0.3 * Math.sin(0.37 * (i + 1) * s));
}

/** Loss and the largest distance of any gradient from PyTorch's, relative to the largest gradient of the model. */
async function compare(
  expected: Model,
  dtype: DType,
  build: (p: Params, data: (name: string, dtype: DType, shape: Shape, values: readonly number[]) => Value) => Value,
): Promise<{ loss: number; error: number; missing: string[] }> {
  const graph = new Graph();
  const feeds: Record<string, TypedData> = {};
  const params = new Map<string, Value>();
  const data = (name: string, type: DType, shape: Shape, values: readonly number[]): Value => {
    feeds[name] = toTypedData(type, values);
    return graph.input(name, type, shape);
  };
  const loss = build((name, shape) => {
    const found = params.get(name) ?? data(name, dtype, shape, goldenWeights(name, sizeOf(shape)));
    params.set(name, found);
    return found;
  }, data);
  graph.output("loss", loss);
  for (const [i, d] of grad(loss, [...params.values()]).entries()) graph.output(`d:${[...params.keys()][i]}`, d);
  await using session = await createSession(graph);
  const results = await session.run(feeds);
  const largest = Math.max(...Object.values(expected.gradients).flat().map(Math.abs));
  let error = 0;
  for (const [name, gradient] of Object.entries(expected.gradients)) {
    const found = results[`d:${name}`]?.data as Float64Array | undefined;
    gradient.forEach((g, i) => {
      error = Math.max(error, Math.abs(g - (found?.[i] ?? Number.NaN)) / largest);
    });
  }
  const missing = [...params.keys()].filter((name) => !(name in expected.gradients));
  return { loss: results.loss?.data[0] as number, error, missing };
}

describe("gradients of whole models equal PyTorch's", { timeout: 60_000 }, () => {
  const qwen2 = golden<Model>("decoder");
  for (const [dtype, chunk, checkpoint, tolerance] of [
    ["float64", 128, false, 1e-6], // transformers keeps norms and rotary tables in float32
    ["float64", 3, true, 1e-6],
    ["float32", 3, false, 1e-5],
  ] as const) {
    it(`Qwen2 decoder, ${dtype}, chunk ${chunk}${checkpoint ? ", checkpointed" : ""}`, async () => {
      const { loss, error, missing } = await compare(qwen2, dtype, (p, data) => {
        const config = {
          vocabulary: 23,
          hidden: 16,
          layers: 2,
          heads: 4,
          kvHeads: 2,
          headSize: 4,
          feedForward: 20,
          epsilon: 1e-6,
          chunk,
          checkpoint,
        };
        const { cos, sin } = ropeTables([0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6], 4, 10_000);
        const io = {
          batch: 2,
          sequence: 7,
          cos: data("cos", dtype, [2, 7, 2], [...cos]),
          sin: data("sin", dtype, [2, 7, 2], [...sin]),
        };
        const embedding = p("model.embed_tokens.weight", [23, 16]);
        const h = decoder(config, p, gather(embedding, data("ids", "int32", [14], qwen2.ids)), io);
        const targets = qwen2.ids.map((_, i) => qwen2.ids[i + 1] ?? 0);
        const logProbs = tokenLogProbs(h, embedding, data("targets", "int32", [14], targets), { chunk: 5 });
        return weightedNll(
          logProbs,
          data(
            "weights",
            dtype,
            [14],
            targets.map((_, i) => (i % 7 === 6 ? 0 : 1)),
          ),
        );
      });
      expect(missing).toEqual([]);
      expect(loss).toBeCloseTo(qwen2.loss, dtype === "float64" ? 6 : 5);
      expect(error).toBeLessThan(tolerance);
    });
  }

  const siglip = golden<Model>("vit");
  for (const [dtype, tolerance] of [
    ["float64", 1e-9],
    ["float32", 1e-5],
  ] as const) {
    it(`SigLIP encoder, ${dtype}`, async () => {
      const { loss, error, missing } = await compare(siglip, dtype, (p, data) => {
        const y = vit(
          { hidden: 16, layers: 2, heads: 2, feedForward: 24, epsilon: 1e-6 },
          p,
          data("patches", dtype, [2, 4, 48], siglip.patches),
        );
        const cotangent = Array.from({ length: sizeOf(y.shape) }, (_, i) => Math.sin(1.7 * i + 0.3));
        return sumAll(mul(y, data("cotangent", dtype, [dim(y.shape, 0), dim(y.shape, 1)], cotangent)));
      });
      expect(missing).toEqual([]);
      expect(loss).toBeCloseTo(siglip.loss, dtype === "float64" ? 9 : 4);
      expect(error).toBeLessThan(tolerance);
    });
  }
});

describe("optimizers and schedules equal PyTorch's and transformers'", () => {
  type Run = { norms: number[]; a: number[]; b: number[] };
  const expected = golden<
    Record<"adamw" | "adamwClipped" | "sgdMomentum", Run> & Record<"cosine" | "linear" | "constant", number[]>
  >("optimizers");
  const runs = {
    adamw: [
      (p: ReadonlyMap<string, TrainableTensor>) =>
        new AdamW(p, { learningRate: 0.01, beta1: 0.8, beta2: 0.95, epsilon: 1e-6, weightDecay: 0.1 }),
      1e30,
    ],
    adamwClipped: [
      (p: ReadonlyMap<string, TrainableTensor>) => new AdamW(p, { learningRate: 0.01, weightDecay: 0 }),
      0.5,
    ],
    sgdMomentum: [(p: ReadonlyMap<string, TrainableTensor>) => new Sgd(p, { learningRate: 0.05, momentum: 0.9 }), 1e30],
  } as const;
  for (const [name, [make, maxNorm]] of Object.entries(runs)) {
    it(name, () => {
      const parameters = new Map(
        ["a", "b"].map((n) => [n, { data: Float32Array.from(goldenWeights(n, 6)), dims: [6], group: "all" }]),
      );
      const optimizer = make(parameters);
      const run = expected[name as keyof typeof runs];
      for (let step = 0; step < 5; step++) {
        const gradients = new Map(
          ["a", "b"].map((n, k) => [n, Float32Array.from({ length: 6 }, (_, i) => Math.sin(1.1 * i + k + step))]),
        );
        const { norm, scale } = clipGradNorm(gradients, maxNorm);
        expect(norm).toBeCloseTo(run.norms[step] as number, 5);
        optimizer.step(gradients, { gradientScale: scale });
      }
      for (const key of ["a", "b"] as const) {
        parameters.get(key)?.data.forEach((x, i) => {
          expect(x).toBeCloseTo(run[key][i] as number, 5);
        });
      }
    });
  }

  it("schedules", () => {
    const options = { totalSteps: 10, warmupSteps: 3 };
    for (let step = 0; step < 12; step++) {
      expect(constantSchedule(options)(step)).toBeCloseTo(expected.constant[step] as number, 12);
      expect(linearSchedule(options)(step)).toBeCloseTo(expected.linear[step] as number, 12);
      if (step <= 10) expect(cosineSchedule(options)(step)).toBeCloseTo(expected.cosine[step] as number, 12);
    }
    expect(cosineSchedule({ ...options, minimum: 0.1 })(11)).toBeCloseTo(0.1, 12); // stays down, where transformers rises again
  });
});
