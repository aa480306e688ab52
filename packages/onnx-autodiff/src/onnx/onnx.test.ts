import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type DecoderConfig, decoder } from "../../test/models/decoder.js";
import {
  AdamW,
  add,
  createRng,
  createSession,
  encodeModel,
  exportModel,
  Graph,
  gather,
  grad,
  type ImportedModel,
  importModel,
  MissingRuleError,
  type ModelDefinition,
  matmul,
  mul,
  type NodeDefinition,
  parseOnnxModel,
  ropeTables,
  serialize,
  sizeOf,
  sub,
  sumAll,
  type TypedData,
  tanh,
  type Value,
} from "../index.js";

const directory = mkdtempSync(join(tmpdir(), "onnx-"));
afterAll(() => rmSync(directory, { recursive: true }));

const normals = (n: number, seed: number): Float32Array => {
  const rng = createRng(seed);
  return Float32Array.from({ length: n }, () => rng.normal() * 0.3);
};

/** Runs outputs of a graph, with trainable data as feeds. */
async function run(graph: Graph, feeds: Record<string, TypedData>, options = {}): Promise<Record<string, number[]>> {
  await using session = await createSession(graph, options);
  const results = await session.run(feeds);
  return Object.fromEntries(Object.entries(results).map(([name, t]) => [name, Array.from(t.data, Number)]));
}
const live = (model: ImportedModel): Record<string, TypedData> =>
  Object.fromEntries([...model.parameters].map(([name, p]) => [name, p.data]));

/** A two-layer network as an ordinary ONNX file: MatMul with [in, out] weights, a bias, tanh. */
function perceptron(): Uint8Array {
  const graph = new Graph();
  const x = graph.input("x", "float32", [2, 3]);
  const w1 = graph.initializer("w1", "float32", [3, 4], normals(12, 1));
  const b1 = graph.initializer("b1", "float32", [4], normals(4, 2));
  const w2 = graph.initializer("w2", "float32", [4, 2], normals(8, 3));
  graph.output("y", matmul(tanh(add(matmul(x, w1), b1)), w2));
  return serialize(graph, "portable", 17);
}

const config: DecoderConfig = {
  vocabulary: 19,
  hidden: 16,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 4,
  feedForward: 24,
  epsilon: 1e-6,
  chunk: 4,
  checkpoint: false,
};

/** The decoder with constant weights, and the same one with inputs, to compare gradients. */
function decoderGraph(constant: boolean): {
  graph: Graph;
  params: Map<string, Value>;
  hidden: Value;
  feeds: Record<string, TypedData>;
} {
  const graph = new Graph();
  const params = new Map<string, Value>();
  const feeds: Record<string, TypedData> = {};
  const p = (name: string, shape: readonly number[]): Value => {
    const data = normals(sizeOf(shape), params.size);
    const value =
      params.get(name) ??
      (constant ? graph.initializer(name, "float32", shape, data) : graph.input(name, "float32", shape));
    if (!params.has(name) && !constant) feeds[name] = data;
    params.set(name, value);
    return value;
  };
  const { cos, sin } = ropeTables(6, 4);
  const table = (name: string, data: Float64Array): Value =>
    graph.initializer(name, "float32", [1, 6, 2], Float32Array.from(data));
  const io = { batch: 1, sequence: 6, cos: table("cos", cos), sin: table("sin", sin) };
  feeds.ids = Int32Array.of(3, 1, 4, 1, 5, 9);
  const hidden = decoder(config, p, gather(p("embed", [19, 16]), graph.input("ids", "int32", [6])), io);
  return { graph, params, hidden, feeds };
}

describe("importModel", { timeout: 60_000 }, () => {
  for (const target of ["ort", "portable"] as const) {
    it(`differentiates a model file (${target} ops) as if it had been built here`, async () => {
      const source = decoderGraph(true);
      source.graph.output("hidden", source.hidden);
      const model = importModel(parseOnnxModel(serialize(source.graph, target)), {
        trainable: (name) => /^(embed|model)/.test(name),
      });
      const loss = sumAll(mul(model.outputs.get("hidden") as Value, model.outputs.get("hidden") as Value));
      model.graph.output("loss", loss);
      for (const [i, d] of grad(loss, [...model.variables.values()]).entries())
        model.graph.output(`d:${[...model.variables.keys()][i]}`, d);
      const found = await run(model.graph, { ...live(model), ids: source.feeds.ids as TypedData });

      const reference = decoderGraph(false);
      const expected = sumAll(mul(reference.hidden, reference.hidden));
      reference.graph.output("loss", expected);
      for (const [i, d] of grad(expected, [...reference.params.values()]).entries())
        reference.graph.output(`d:${[...reference.params.keys()][i]}`, d);
      const wanted = await run(reference.graph, reference.feeds);
      expect(Object.keys(found).sort()).toEqual(Object.keys(wanted).sort());
      for (const [name, values] of Object.entries(wanted)) {
        const scale = Math.max(1e-3, ...values.map(Math.abs));
        values.forEach((v, i) => {
          expect(Math.abs(v - (found[name]?.[i] ?? Number.NaN)) / scale, name).toBeLessThan(2e-5);
        });
      }
    });
  }

  it("inserts adapters that change nothing at first, trains only them, and exports the result", async () => {
    const model = importModel(parseOnnxModel(perceptron()), {
      lora: { rank: 2, alpha: 4, targets: (weight) => weight === "w1", rng: createRng(1) },
    });
    expect([...model.parameters].map(([name, p]) => [name, p.dims, p.group])).toEqual([
      ["w1.lora_A", [2, 3], "lora"],
      ["w1.lora_B", [4, 2], "lora"],
    ]);
    const { graph, outputs, variables, parameters } = model;
    const error = sub(outputs.get("y") as Value, graph.input("target", "float32", [2, 2]));
    const loss = sumAll(mul(error, error));
    graph.output("loss", loss);
    for (const [i, d] of grad(loss, [...variables.values()]).entries())
      graph.output(`d:${[...variables.keys()][i]}`, d);
    const x = normals(6, 8);
    const [before] = Object.values(await run(importOutput(perceptron()), { x }));
    const optimizer = new AdamW(parameters, { learningRate: 0.05 });
    const losses: number[] = [];
    await using session = await createSession(graph);
    for (let step = 0; step < 60; step++) {
      const results = await session.run({ x, target: Float32Array.of(1, -1, 0.5, 0), ...live(model) });
      losses.push(results.loss?.data[0] as number);
      optimizer.step(new Map([...parameters.keys()].map((name) => [name, results[`d:${name}`]?.data as Float32Array])));
    }
    const start = (before ?? []).reduce((s, y, i) => s + (y - ([1, -1, 0.5, 0][i] as number)) ** 2, 0);
    expect(losses[0]).toBeCloseTo(start, 5);
    expect(losses[59]).toBeLessThan(0.5 * (losses[0] as number));
    const bytes = exportModel(graph, { outputs, parameters });
    const [after] = Object.values(await run(importOutput(bytes), { x }));
    const end = (after ?? []).reduce((s, y, i) => s + (y - ([1, -1, 0.5, 0][i] as number)) ** 2, 0);
    expect(end).toBeLessThan(losses[59] as number);
    expect(parseOnnxModel(bytes).outputs.map((o) => o.name)).toEqual(["y"]);
  });

  /** A model file as a graph with its outputs declared. */
  function importOutput(bytes: Uint8Array): Graph {
    const { graph, outputs } = importModel(parseOnnxModel(bytes));
    for (const [name, value] of outputs) graph.output(name, value);
    return graph;
  }

  it("folds shape arithmetic of symbolic dimensions, in any node order", async () => {
    const node = (op: string, inputs: string[], outputs: string[], attributes = {}): NodeDefinition => ({
      op,
      domain: "",
      inputs,
      outputs,
      attributes,
    });
    const int64 = (name: string, values: number[], scalar = false) => ({
      name,
      dtype: "int64" as const,
      shape: scalar ? [] : [values.length],
      init: { kind: "inline" as const, data: BigInt64Array.from(values, BigInt) },
    });
    const bytes = encodeModel({
      opset: 17,
      inputs: [{ name: "x", dtype: "float32", shape: [1, 4], symbols: { 0: "batch" } }],
      outputs: [{ name: "y", dtype: "float32", shape: [1], symbols: { 0: "n" } }],
      initializers: [int64("zero", [0], true), int64("two", [2], true), int64("axis", [0]), int64("rest", [-1])],
      nodes: [
        node("Reshape", ["x", "shape"], ["y"]), // uses what is defined below
        node("Shape", ["x"], ["s"]),
        node("Gather", ["s", "zero"], ["b"]),
        node("Mul", ["b", "two"], ["b2"]),
        node("Unsqueeze", ["b2", "axis"], ["b2v"]),
        node("Concat", ["b2v", "rest"], ["shape"], { axis: 0 }),
      ],
    });
    const model = parseOnnxModel(bytes);
    expect(() => importModel(model)).toThrow("dimension 0 (batch) of x is dynamic");
    const { graph, outputs } = importModel(model, { dims: { batch: 3 } });
    expect(outputs.get("y")?.shape).toEqual([6, 2]);
    graph.output("y", outputs.get("y") as Value);
    expect((await run(graph, { x: Float32Array.from({ length: 12 }, (_, i) => i) })).y?.[7]).toBe(7);
  });

  const model = (nodes: ModelDefinition["nodes"], extra: Partial<ModelDefinition> = {}): Uint8Array =>
    encodeModel({
      opset: 17,
      nodes,
      inputs: [{ name: "x", dtype: "float32", shape: [2] }],
      outputs: [{ name: "y", dtype: "float32", shape: [2] }],
      initializers: [],
      ...extra,
    });
  const simple = (op: string, inputs: string[], outputs: string[]): NodeDefinition => ({
    op,
    domain: "",
    inputs,
    outputs,
    attributes: {},
  });

  it("names cycles, undefined values and double definitions", () => {
    const load = (nodes: NodeDefinition[]) => () => importModel(parseOnnxModel(model(nodes)));
    expect(
      load([simple("Add", ["x", "b"], ["a"]), simple("Tanh", ["a"], ["b"]), simple("Tanh", ["b"], ["y"])]),
    ).toThrow("Tanh:b): a cycle through a: Add:a <- Tanh:b");
    expect(load([simple("Add", ["x", "nowhere"], ["y"])])).toThrow("Add:y): input nowhere is never defined");
    expect(load([simple("Tanh", ["x"], ["x"])])).toThrow("x is defined twice");
    expect(load([simple("Tanh", ["x"], ["z"])])).toThrow("output y is never computed");
    expect(load([simple("MatMul", ["x"], ["y"])])).toThrow("input 1 is missing");
  });

  it("keeps an unknown op, which stops the gradient by name", async () => {
    const { graph, outputs, inputs } = importModel(parseOnnxModel(model([simple("Softsign", ["x"], ["y"])])));
    const y = outputs.get("y") as Value;
    graph.output("y", y);
    expect((await run(graph, { x: Float32Array.of(1, -3) })).y).toEqual([0.5, -0.75]);
    expect(() => grad(sumAll(y), [inputs.get("x") as Value])).toThrow(MissingRuleError);
    expect(() =>
      importModel(parseOnnxModel(model([simple("Softsign", ["x"], ["z"]), simple("Tanh", ["z"], ["y"])]))),
    ).toThrow(/declares no shape for z/);
  });
});
