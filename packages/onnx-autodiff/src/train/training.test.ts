import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  AdamW,
  accumulateInto,
  assertFinite,
  createRng,
  createSession,
  ExponentialMovingAverage,
  FileFormatError,
  Graph,
  grad,
  gradNorm,
  linear,
  loadCheckpoint,
  mul,
  NonFiniteError,
  OptimizerError,
  type Rng,
  type Session,
  Sgd,
  saveCheckpoint,
  sub,
  sumAll,
  type TrainableTensor,
  tanh,
  updateParameters,
  type Value,
  writeSafetensors,
} from "../index.js";

const directory = mkdtempSync(join(tmpdir(), "training-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** A two-layer network on `batch` rows; the loss is a sum divided by `normalizer`. */
async function network(batch: number, normalizer: number): Promise<Session> {
  const graph = new Graph();
  const params = new Map<string, Value>();
  const p = (name: string, shape: readonly number[]): Value => {
    const value = params.get(name) ?? graph.input(name, "float32", shape);
    params.set(name, value);
    return value;
  };
  const h = tanh(linear(p, "a", graph.input("x", "float32", [batch, 3]), 4, true));
  const error = sub(linear(p, "b", h, 2, true), graph.input("y", "float32", [batch, 2]));
  const loss = mul(sumAll(mul(error, error)), 1 / normalizer);
  graph.output("loss", loss);
  for (const [i, d] of grad(loss, [...params.values()]).entries()) graph.output(`d:${[...params.keys()][i]}`, d);
  return createSession(graph, { threads: 1 });
}

function freshParameters(rng: Rng): Map<string, TrainableTensor> {
  const shapes: Record<string, number[]> = { "a.weight": [4, 3], "a.bias": [4], "b.weight": [2, 4], "b.bias": [2] };
  return new Map(
    Object.entries(shapes).map(([name, dims]) => {
      const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => rng.normal() * 0.5);
      return [name, { data, dims, group: name[0] as string }];
    }),
  );
}

async function gradients(
  session: Session,
  parameters: ReadonlyMap<string, TrainableTensor>,
  x: Float32Array,
  y: Float32Array,
) {
  const results = await session.run({
    x,
    y,
    ...Object.fromEntries([...parameters].map(([name, { data }]) => [name, data])),
  });
  const found = new Map(
    [...parameters.keys()].map((name) => [name, Float32Array.from(results[`d:${name}`]?.data as Float32Array)]),
  );
  return { loss: results.loss?.data[0] as number, gradients: found };
}

const batchOf = (rng: Rng, rows: number): [Float32Array, Float32Array] => [
  Float32Array.from({ length: rows * 3 }, () => rng.normal()),
  Float32Array.from({ length: rows * 2 }, () => rng.normal()),
];

describe("training", { timeout: 60_000 }, () => {
  it("8 micro-batches of 1 give the gradients of 1 batch of 8", async () => {
    const rng = createRng(5);
    const parameters = freshParameters(rng);
    const [x, y] = batchOf(rng, 8);
    await using large = await network(8, 16);
    await using small = await network(1, 16);
    const whole = await gradients(large, parameters, x, y);
    const totals = new Map<string, Float32Array>();
    let loss = 0;
    for (let i = 0; i < 8; i++) {
      const part = await gradients(small, parameters, x.slice(3 * i, 3 * i + 3), y.slice(2 * i, 2 * i + 2));
      loss += part.loss;
      accumulateInto(totals, part.gradients);
    }
    expect(loss).toBeCloseTo(whole.loss, 6);
    for (const [name, g] of whole.gradients) {
      g.forEach((value, i) => {
        expect(totals.get(name)?.[i]).toBeCloseTo(value, 6);
      });
    }
    const doubled = new Map<string, Float32Array>();
    accumulateInto(doubled, whole.gradients, 2);
    accumulateInto(doubled, whole.gradients, -2);
    expect(gradNorm(doubled)).toBe(0);
  });

  it("resumes to the same bits as an uninterrupted run", async () => {
    await using session = await network(4, 8);
    const path = join(directory, "run.safetensors");
    const train = async (
      from: number,
      to: number,
      rng: Rng,
      parameters: Map<string, TrainableTensor>,
      optimizer: AdamW,
    ) => {
      const losses: number[] = [];
      for (let step = from; step < to; step++) {
        const [x, y] = batchOf(rng, 4);
        const result = await gradients(session, parameters, x, y);
        updateParameters(optimizer, result.loss, result.gradients, { maxGradNorm: 0.5 });
        losses.push(result.loss);
      }
      return losses;
    };
    const options = { learningRate: 0.05, groups: { a: { learningRate: 0.01 } } };
    const start = () => {
      const rng = createRng(9);
      const parameters = freshParameters(rng);
      return { rng, parameters, optimizer: new AdamW(parameters, options) };
    };
    const whole = start();
    const expected = await train(0, 10, whole.rng, whole.parameters, whole.optimizer);
    const first = start();
    await train(0, 4, first.rng, first.parameters, first.optimizer);
    await saveCheckpoint(path, {
      parameters: first.parameters,
      optimizer: first.optimizer,
      rng: first.rng.state,
      step: 4,
      config: { learningRate: 0.05 },
    });
    const parameters = freshParameters(createRng(123));
    const optimizer = new AdamW(parameters, options);
    const { step, rng, config } = await loadCheckpoint(path, { parameters, optimizer });
    expect([step, config]).toEqual([4, { learningRate: 0.05 }]);
    expect(await train(step, 10, createRng(rng ?? 0), parameters, optimizer)).toEqual(expected.slice(4));
    for (const [name, { data }] of whole.parameters) expect(parameters.get(name)?.data).toEqual(data);
  });

  it("loads nothing from a file that does not fit", async () => {
    const parameters = freshParameters(createRng(1));
    const before = [...(parameters.get("a.weight")?.data ?? [])];
    const path = join(directory, "other.safetensors");
    await saveCheckpoint(path, {
      parameters: new Map([["a.weight", { data: new Float32Array(12), dims: [4, 3], group: "a" }]]),
      step: 1,
    });
    await expect(loadCheckpoint(path, { parameters })).rejects.toThrow(/parameter a.bias needs 4 elements, found none/);
    const only = new Map([["a.weight", parameters.get("a.weight") as TrainableTensor]]);
    await expect(loadCheckpoint(path, { parameters: only, optimizer: new AdamW(only) })).rejects.toThrow(
      "no optimizer state",
    );
    await writeSafetensors(path, new Map([["a.weight", { data: new Float32Array(12), dims: [4, 3] }]]));
    await expect(loadCheckpoint(path, { parameters: only })).rejects.toThrow(FileFormatError);
    expect([...(parameters.get("a.weight")?.data ?? [])]).toEqual(before);
  });

  it("a bad number stops the step by name, or is skipped and reported, and changes nothing", () => {
    const parameters = new Map([["w", { data: Float32Array.of(1, 2), dims: [2], group: "all" }]]);
    const optimizer = new AdamW(parameters);
    const bad = new Map([["w", Float32Array.of(0, Number.NaN)]]);
    expect(() => updateParameters(optimizer, 1, bad)).toThrow("found NaN at w[1]");
    expect(() => updateParameters(optimizer, Number.POSITIVE_INFINITY, new Map())).toThrow(NonFiniteError);
    expect(() => assertFinite(1, new Map([["g", Float32Array.of(Number.NEGATIVE_INFINITY)]]))).toThrow("g[0]");
    const report = updateParameters(optimizer, 1, bad, { onNonFinite: "skip" });
    expect([report.skipped?.tensor, report.skipped?.index]).toEqual(["w", 1]);
    expect([[...(parameters.get("w")?.data ?? [])], optimizer.stepCount]).toEqual([[1, 2], 0]);
    expect(updateParameters(optimizer, 1, new Map([["w", Float32Array.of(3, 4)]])).gradNorm).toBe(5);
    expect(optimizer.stepCount).toBe(1);
  });

  it("groups have their own rates and decay, and parameters without a gradient stay", () => {
    const tensor = (group: string): TrainableTensor => ({ data: Float32Array.of(1), dims: [1], group });
    const parameters = new Map([
      ["fast", tensor("fast")],
      ["slow", tensor("slow")],
      ["frozen", tensor("slow")],
    ]);
    const g = new Map(["fast", "slow"].map((name) => [name, Float32Array.of(1)]));
    new Sgd(parameters, { learningRate: 0.1, groups: { fast: { learningRate: 0.5, weightDecay: 0.2 } } }).step(g, {
      learningRateScale: 0.5,
      gradientScale: 2,
    });
    expect(parameters.get("fast")?.data[0]).toBeCloseTo(0.95 - 0.5, 6);
    expect(parameters.get("slow")?.data[0]).toBeCloseTo(1 - 0.1, 6);
    expect(parameters.get("frozen")?.data[0]).toBe(1);
    expect(() => new Sgd(parameters).step(new Map([["nope", new Float32Array(1)]]))).toThrow(OptimizerError);
    expect(() => new AdamW(parameters).step(new Map([["fast", new Float32Array(2)]]))).toThrow(
      "2 elements, its parameter 1",
    );
    expect(() => new AdamW(parameters).loadState({ step: 1, slots: new Map() })).toThrow(
      "expected 1 elements, found none",
    );
  });

  it("averages move towards the parameters and swap with them", () => {
    const data = Float32Array.of(0, 10);
    const ema = new ExponentialMovingAverage(new Map([["w", { data, dims: [2], group: "" }]]), 0.75);
    data.set([4, 2]);
    ema.update();
    expect([...(ema.averages.get("w") ?? [])]).toEqual([1, 8]);
    ema.swap();
    expect([[...data], [...(ema.averages.get("w") ?? [])]]).toEqual([
      [1, 8],
      [4, 2],
    ]);
    expect(() => new ExponentialMovingAverage(new Map(), 1)).toThrow(RangeError);
  });
});

describe("createRng", () => {
  it("is xoshiro128**: from state 1 2 3 4 the reference draws 11520, 0, 5927040, 70819200", () => {
    const rng = createRng([1, 2, 3, 4]);
    expect(rng.uniform()).toBe(((11520 >>> 5) * 2 ** 26) / 2 ** 53);
    expect(rng.uniform()).toBe(((5927040 >>> 5) * 2 ** 26 + (70819200 >>> 6)) / 2 ** 53);
  });

  it("continues from a saved state and repeats from a seed", () => {
    const rng = createRng(42);
    rng.normal();
    const { state } = rng;
    const next = [rng.uniform(), rng.normal(), rng.integer(10)];
    const resumed = createRng(JSON.parse(JSON.stringify(state)) as typeof state);
    expect([resumed.uniform(), resumed.normal(), resumed.integer(10)]).toEqual(next);
    expect(createRng(42).uniform()).toBe(createRng(42).uniform());
    expect(createRng(42).uniform()).not.toBe(createRng(43).uniform());
    expect(() => createRng(0.5)).toThrow("integer seed");
    expect(() => createRng([0, 0, 0, 0])).toThrow("not all zero");
  });

  it("has the moments of its distributions", () => {
    const rng = createRng(1);
    const n = 50_000;
    const mean = (draw: () => number): number => Array.from({ length: n }, draw).reduce((a, b) => a + b, 0) / n;
    expect(mean(rng.uniform)).toBeCloseTo(0.5, 2);
    expect(Math.abs(mean(rng.normal))).toBeLessThan(0.02);
    expect(mean(() => rng.normal() ** 2)).toBeCloseTo(1, 1);
    const counts = new Array<number>(5).fill(0);
    for (let i = 0; i < n; i++) {
      const k = rng.integer(5);
      counts[k] = (counts[k] ?? 0) + 1;
    }
    for (const c of counts) expect(c / n).toBeGreaterThan(0.15);
  });
});
