import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { createTrainingStep } from "../bench/training-step.js";
import {
  add,
  attention,
  availableProviders,
  compareWithCpu,
  createRng,
  createSession,
  erf,
  exp,
  FeedError,
  Graph,
  gather,
  geluErf,
  grad,
  linear,
  matmul,
  mul,
  neg,
  openSafetensors,
  packedInputs,
  pickLast,
  reportProviders,
  reshape,
  rmsNorm,
  ShapeError,
  serialize,
  sigmoid,
  silu,
  softplus,
  sumAll,
  type TypedData,
  tanh,
  timeMajorScores,
  type Value,
} from "./index.js";
import { prepareSession } from "./session.js";

const normals = (n: number, seed = 1): Float32Array => {
  const rng = createRng(seed);
  return Float32Array.from({ length: n }, () => rng.normal());
};
const runOnce = async (
  graph: Graph,
  feeds: Record<string, TypedData>,
  options = {},
): Promise<Record<string, number[]>> => {
  await using session = await createSession(graph, options);
  const results = await session.run(feeds);
  return Object.fromEntries(Object.entries(results).map(([name, t]) => [name, Array.from(t.data, Number)]));
};
const text = (bytes: Uint8Array): string => new TextDecoder("latin1").decode(bytes);

describe("traps of onnxruntime", { timeout: 60_000 }, () => {
  it("1: duplicate ids never lose gradient, and ScatterND is never emitted", async () => {
    for (const rows of [16, 80]) {
      const graph = new Graph();
      const table = graph.input("table", "float32", [rows, 32]);
      const ids = graph.input("ids", "int32", [4096]);
      graph.output("d", grad(sumAll(gather(table, ids)), [table])[0] as Value);
      expect(text(serialize(graph))).not.toContain("ScatterND");
      await using session = await createSession(graph, { threads: 2 });
      const feeds = { table: new Float32Array(rows * 32), ids: Int32Array.from({ length: 4096 }, (_, i) => i % 16) };
      for (let run = 0; run < 20; run++) {
        const d = (await session.run(feeds)).d?.data as Float32Array;
        expect(d.subarray(0, 16 * 32).every((x) => x === 256)).toBe(true);
        expect(d.subarray(16 * 32).every((x) => x === 0)).toBe(true);
      }
    }
  });

  it("2: packed adapters give the gradients of separate ones through one output", async () => {
    const shapes = { "l.lora_A": [2, 4], "l.lora_B": [3, 2] } as const;
    const data = {
      "l.lora_A": normals(8, 2),
      "l.lora_B": normals(6, 3),
      x: normals(20, 4),
      "l.weight": normals(12, 5),
    };
    const loss = (graph: Graph, params: (name: string) => Value): Value => {
      const weight = graph.input("l.weight", "float32", [3, 4]);
      const y = linear(() => weight, "l", graph.input("x", "float32", [5, 4]), 3, false, { rank: 2, alpha: 4, params });
      return sumAll(tanh(y));
    };
    const separate = new Graph();
    const inputs = Object.entries(shapes).map(([name, shape]) => separate.input(name, "float32", shape));
    const separateLoss = loss(separate, (name) => inputs.find((v) => v.name === name) as Value);
    for (const [i, d] of grad(separateLoss, inputs).entries()) separate.output(`d${i}`, d);
    const packed = new Graph();
    const { flat, values, ranges } = packedInputs(packed, "adapters", new Map(Object.entries(shapes)));
    packed.output(
      "d",
      grad(
        loss(packed, (name) => values.get(name) as Value),
        [flat],
      )[0] as Value,
    );
    const buffer = new Float32Array(14);
    for (const [name, [start, end]] of ranges) buffer.subarray(start, end).set(data[name as keyof typeof shapes]);
    const { d0 = [], d1 = [] } = await runOnce(separate, data);
    const { d } = await runOnce(packed, { adapters: buffer, x: data.x, "l.weight": data["l.weight"] });
    expect(d).toEqual([...d0, ...d1]);
  });

  it("3: the memory pattern changes memory, not numbers", async () => {
    const config = { vocabulary: 64, hidden: 32, layers: 1, heads: 2, kvHeads: 1, headSize: 16, feedForward: 48 };
    const losses: number[][] = [];
    for (const memoryPattern of [true, false]) {
      const step = await createTrainingStep({
        mode: "full",
        batch: 1,
        sequence: 32,
        config,
        session: { memoryPattern },
      });
      losses.push([await step.run(), await step.run(), await step.run()]);
      await step.dispose();
    }
    expect(losses[0]).toEqual(losses[1]);
    expect(losses[0]?.[2]).toBeLessThan(losses[0]?.[0] as number);
    expect(prepareSession(new Graph(), { memoryPattern: false }).sessionOptions.enableMemPattern).toBe(false);
  });

  it("4: every provider but the CPU gets the portable target, which matches the fused kernels", async () => {
    const graph = new Graph();
    const x = graph.input("x", "float32", [3, 8]);
    const [q, k, v] = ["q", "k", "v"].map((name) =>
      graph.input(name, "float32", name === "q" ? [1, 2, 2, 5, 4] : [1, 2, 5, 4]),
    );
    graph.output("y", add(sumAll(geluErf(silu(x))), sumAll(attention(q as Value, k as Value, v as Value))));
    expect(prepareSession(graph, {}).target).toBe("ort");
    expect(prepareSession(graph, { providers: ["webgpu", "cpu"] }).target).toBe("portable");
    expect(text(serialize(graph, "portable"))).not.toMatch(/FusedMatMul|QuickGelu/);
    const feeds = { x: normals(24), q: normals(80), k: normals(40), v: normals(40) };
    const [a, b] = [
      await runOnce(graph, feeds, { target: "ort" }),
      await runOnce(graph, feeds, { target: "portable" }),
    ];
    expect(a.y?.[0]).toBeCloseTo(b.y?.[0] as number, 4);
  });

  it("4: norms get plain ops there, because a GPU kernel's statistics are garbage, with the CPU's gradients", async () => {
    const graph = new Graph();
    const [x, w] = [graph.input("x", "float32", [5, 8]), graph.input("w", "float32", [8])];
    const loss = sumAll(tanh(rmsNorm(x, w, 1e-6)));
    for (const [i, d] of grad(loss, [x, w]).entries()) graph.output(`d${i}`, d);
    expect(text(serialize(graph, "ort"))).toContain("SimplifiedLayerNormalization");
    expect(text(serialize(graph, "portable"))).not.toContain("LayerNormalization");
    const feeds = { x: normals(40), w: normals(8, 2) };
    const [a, b] = [
      await runOnce(graph, feeds, { target: "ort" }),
      await runOnce(graph, feeds, { target: "portable" }),
    ];
    for (const name of ["d0", "d1"])
      for (const [i, d] of (a[name] ?? []).entries()) expect(d).toBeCloseTo(b[name]?.[i] as number, 5);
    const differences = await compareWithCpu(graph, feeds, { target: "ort" });
    expect(Object.values(differences).every((d) => d < 1e-5)).toBe(true);
  });

  it("5: zero-length operands are refused before they reach native code", async () => {
    const graph = new Graph();
    expect(() => matmul(graph.input("a", "float32", [2, 0]), graph.input("b", "float32", [0, 3]))).toThrow(ShapeError);
    const q = graph.input("q", "float32", [1, 1, 2, 4]);
    const cache = graph.input("cache", "float32", [2, 1, 1, 4], { 0: "length" });
    graph.output("scores", timeMajorScores(q, cache, 1));
    await using session = await createSession(graph);
    await expect(session.run({ q: new Float32Array(8), cache: new Float32Array(0) })).rejects.toThrow(FeedError);
    const scores = (await session.run({ q: new Float32Array(8), cache: new Float32Array(12) })).scores;
    expect(scores?.dims).toEqual([1, 1, 2, 3]);
  });

  it("6: float64 graphs load and agree with known values of erf, softplus, silu and gelu", async () => {
    const graph = new Graph();
    const x = graph.input("x", "float64", [5]);
    graph.output("erf", erf(x));
    graph.output("softplus", softplus(x));
    graph.output("silu", mul(x, sigmoid(x)));
    graph.output("gelu", geluErf(x));
    const values = [-3, -0.5, 0, 1, 7];
    const results = await runOnce(graph, { x: Float64Array.from(values) });
    // Values of Python's math.erf.
    const expected = [-0.9999779095030014, -0.5204998778130465, 0, 0.8427007929497149, 1];
    for (const [i, e] of expected.entries()) {
      expect(results.erf?.[i]).toBeCloseTo(e, 14);
      expect(results.softplus?.[i]).toBeCloseTo(Math.log1p(Math.exp(values[i] as number)), 13);
      expect(results.silu?.[i]).toBeCloseTo((values[i] as number) / (1 + Math.exp(-(values[i] as number))), 13);
    }
    expect(results.gelu?.[3]).toBeCloseTo(0.8413447460685429, 13);
  });

  it("7: a SharedArrayBuffer feed is refused by name", async () => {
    const graph = new Graph();
    graph.output("y", neg(graph.input("x", "float32", [4])));
    await using session = await createSession(graph);
    await expect(session.run({ x: new Float32Array(new SharedArrayBuffer(16)) })).rejects.toThrow(
      /x lies in a SharedArrayBuffer/,
    );
  });

  it("7: a session lives in a worker thread, with the bits of the main thread", async () => {
    const worker = new Worker(new URL("../test/session-worker.mjs", import.meta.url));
    const found = await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    await worker.terminate();
    const graph = new Graph();
    const x = graph.input("x", "float32", [4]);
    graph.output("d", grad(sumAll(exp(x)), [x])[0] as Value);
    expect(Array.from(found as Float32Array)).toEqual((await runOnce(graph, { x: Float32Array.of(0, 1, 2, 3) })).d);
  });

  it("8: a reshape is not collapsed through a region, so its own backward runs", async () => {
    const graph = new Graph();
    const x = graph.input("x", "float32", [2, 3]);
    const [y] = graph.region(
      [x],
      (v) => [reshape(v as Value, [6])],
      () =>
        ([dy]) => [mul(reshape(dy as Value, [2, 3]), 5)],
    );
    graph.output("d", grad(sumAll(reshape(y as Value, [3, 2])), [x])[0] as Value);
    expect((await runOnce(graph, { x: new Float32Array(6) })).d).toEqual([5, 5, 5, 5, 5, 5]);
  });

  it("9: int32 indices are widened for GatherElements", async () => {
    const graph = new Graph();
    graph.output("y", pickLast(graph.input("x", "float32", [2, 3]), graph.input("i", "int32", [2])));
    expect((await runOnce(graph, { x: Float32Array.of(1, 2, 3, 4, 5, 6), i: Int32Array.of(2, 0) })).y).toEqual([3, 4]);
  });

  it("9: tensors behind 4 GiB of a file are read and mapped, although no Buffer can hold them", async () => {
    const directory = mkdtempSync(join(tmpdir(), "onnx-autodiff-"));
    try {
      const path = join(directory, "model.safetensors");
      const large = 4.5 * 2 ** 30; // a hole: the file takes a few kilobytes of disk
      const header = {
        hole: { dtype: "U8", shape: [large], data_offsets: [0, large] },
        w: { dtype: "F32", shape: [2, 2], data_offsets: [large, large + 16] },
      };
      const json = new TextEncoder().encode(JSON.stringify(header).padEnd(4088));
      const prefix = new Uint8Array(8);
      new DataView(prefix.buffer).setBigUint64(0, BigInt(json.length), true);
      const file = openSync(path, "w");
      writeSync(file, prefix, 0, 8, 0);
      writeSync(file, json, 0, json.length, 8);
      writeSync(file, new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer), 0, 16, 4096 + large);
      closeSync(file);
      await using reader = await openSafetensors(path);
      expect([...(await reader.read("w")).data]).toEqual([1, 2, 3, 4]);
      const { offset = 0, byteLength: length = 0 } = reader.entries.get("w") ?? {};
      expect(offset).toBe(4096 + large);
      const graph = new Graph();
      const w = graph.initializer("w", "float32", [2, 2], {
        kind: "external",
        location: "model.safetensors",
        offset,
        length,
      });
      graph.output("y", matmul(graph.input("x", "float32", [1, 2]), w));
      const options = { externalDataDirectory: directory, prepacking: false };
      expect((await runOnce(graph, { x: Float32Array.of(1, 10) }, options)).y).toEqual([31, 42]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("10: a provider whose libraries are missing is an error, never a silent CPU run", async () => {
    expect(availableProviders().find(({ name }) => name === "cpu")?.bundled).toBe(true);
    const build = (): Graph => {
      const graph = new Graph();
      graph.output("y", tanh(graph.input("x", "float32", [4])));
      return graph;
    };
    const feeds = { x: new Float32Array(4) };
    await expect(createSession(build(), { providers: ["abacus"] })).rejects.toThrow("abacus");
    for (const { name } of availableProviders().filter((provider) => !provider.bundled)) {
      const reports = await reportProviders(build(), feeds, { providers: [name] }).catch((error: Error) => error);
      if (reports instanceof Error) expect(reports.message).toMatch(/load|librar|provider|available/i);
      else expect(reports.map((r) => r.provider.toLowerCase()).join()).toContain(name);
    }
  });
});
