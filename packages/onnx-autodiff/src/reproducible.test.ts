import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { gradientCases } from "../test/gradient-cases.js";
import {
  createRng,
  createSession,
  exp,
  Graph,
  grad,
  matmul,
  sumAll,
  type TypedData,
  tanh,
  timeMajorContext,
  timeMajorScores,
  transpose,
  type Value,
} from "./index.js";

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

describe("the same numbers", { timeout: 60_000 }, () => {
  it("recomputation survives onnxruntime's optimizer", async () => {
    const build = (checkpoint: boolean): Graph => {
      const graph = new Graph();
      const [x, w] = [graph.input("x", "float32", [8, 8]), graph.input("w", "float32", [8, 8])];
      const inner = tanh(x);
      const body = (v: Value): Value => exp(matmul(tanh(matmul(v, w)), w, { alpha: 0.1 }));
      const y = checkpoint ? (graph.region([inner], (v) => [body(v as Value)])[0] as Value) : body(inner);
      const loss = sumAll(y);
      graph.output("loss", loss);
      graph.output("d", grad(loss, [w])[0] as Value);
      return graph;
    };
    const feeds = { x: normals(64), w: normals(64, 2) };
    const kept = await runOnce(build(false), feeds);
    expect((await runOnce(build(true), feeds)).d).toEqual(kept.d);
    expect(build(true).matmulFlops()).toBeGreaterThan(build(false).matmulFlops());
    // The model onnxruntime really runs, written out, still holds the recomputed products.
    const products: number[] = [];
    for (const checkpoint of [false, true]) {
      const directory = mkdtempSync(join(tmpdir(), "onnx-autodiff-"));
      const session = await createSession(build(checkpoint), {
        sessionOptions: { optimizedModelFilePath: join(directory, "m.onnx") },
      });
      products.push(
        text(readFileSync(join(directory, readdirSync(directory)[0] as string))).match(/MatMul:value/g)?.length ?? 0,
      );
      await session.dispose();
      rmSync(directory, { recursive: true });
    }
    expect(products[1]).toBeGreaterThan(products[0] as number);
  });

  it("time-major products equal ordinary attention over the same cache", async () => {
    const graph = new Graph();
    const q = graph.input("q", "float32", [2, 3, 2, 4]);
    const cache = graph.input("cache", "float32", [5, 2, 3, 4], { 0: "length" });
    const usual = transpose(cache, [1, 2, 0, 3]);
    const p = graph.input("p", "float32", [2, 3, 2, 5], { 3: "length" });
    graph.output("a", timeMajorScores(q, cache, 0.5));
    graph.output("b", matmul(q, usual, { transposeB: true, alpha: 0.5 }));
    graph.output("c", timeMajorContext(p, cache));
    graph.output("d", matmul(p, usual));
    const feeds = { q: normals(48), cache: normals(120, 2), p: normals(60, 3) };
    for (const target of ["ort", "portable"]) {
      const r = await runOnce(graph, feeds, { target });
      for (const [i, x] of (r.a ?? []).entries()) expect(x).toBeCloseTo(r.b?.[i] as number, 5);
      for (const [i, x] of (r.c ?? []).entries()) expect(x).toBeCloseTo(r.d?.[i] as number, 5);
    }
  });

  it("gradients are bit-identical across runs, sessions and thread counts", async () => {
    const { make } = gradientCases["decoder, all of these"] as { make: (typeof gradientCases)[string]["make"] };
    const once = async (threads: number): Promise<number[][]> => {
      const graph = new Graph();
      const feeds: Record<string, TypedData> = {};
      const params: Value[] = [];
      const known = new Map<string, Value>();
      const loss = make({
        graph,
        dtype: "float32",
        param: (name, shape) => {
          const found = known.get(name);
          if (found) return found;
          const value = graph.input(name, "float32", shape);
          feeds[name] = normals(
            shape.reduce((a, b) => a * b, 1),
            known.size,
          ).map((v) => v * 0.3);
          known.set(name, value);
          params.push(value);
          return value;
        },
        data: (name, dtype, shape, values) => {
          feeds[name] =
            dtype === "float"
              ? Float32Array.from(values)
              : dtype === "int32"
                ? Int32Array.from(values)
                : BigInt64Array.from(Array.from(values, BigInt));
          return graph.input(name, dtype === "float" ? "float32" : dtype, shape);
        },
        weigh: sumAll,
      });
      for (const [i, d] of grad(loss, params).entries()) graph.output(`d${i}`, d);
      const results = await runOnce(graph, feeds, { threads });
      return Object.values(results);
    };
    const first = await once(2);
    expect(first.flat().some((x) => x !== 0)).toBe(true);
    expect(await once(2)).toEqual(first);
    expect(await once(1)).toEqual(first);
  });
});
