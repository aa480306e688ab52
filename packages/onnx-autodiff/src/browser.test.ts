import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import * as browser from "./browser.js";
import * as node from "./index.js";

const NODE_ONLY = [
  "availableProviders",
  "compareWithCpu",
  "latestCheckpoint",
  "loadCheckpoint",
  "openSafetensors",
  "prepareCheckpointDirectory",
  "readCheckpoint",
  "readOnnxModel",
  "readSafetensors",
  "reportProviders",
  "restoreCheckpoint",
  "saveCheckpoint",
  "saveStepCheckpoint",
  "streamSafetensors",
  "writeSafetensors",
  "writeShardedSafetensors",
];

it("the browser entry offers everything but files", () => {
  expect(Object.keys(browser).sort()).toEqual(
    Object.keys(node)
      .filter((name) => !NODE_ONLY.includes(name))
      .sort(),
  );
});

it("nothing the browser entry reaches imports a Node built-in", () => {
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    const url = new URL(path, import.meta.url);
    const source = readFileSync(url, "utf8");
    expect(source, path).not.toMatch(/from "node:|onnxruntime-node|Buffer\.|process\./);
    for (const [, target] of source.matchAll(/from "(\.[^"]+)\.js"/g)) {
      visit(`./${new URL(`${target}.ts`, url).href.slice(new URL("./", import.meta.url).href.length)}`);
    }
  };
  visit("./browser.ts");
  expect(seen.size).toBeGreaterThan(20);
  expect([...seen].filter((path) => path.includes("-node"))).toEqual([]);
  expect(readdirSync(new URL("./io", import.meta.url)).some((name) => name.endsWith("-node.ts"))).toBe(true);
});

it("gradients under onnxruntime-web (wasm) equal those of onnxruntime-node", { timeout: 60_000 }, async () => {
  const results: number[][] = [];
  for (const { createSession, Graph, grad, matmul, rmsNorm, silu, softmax, sumAll, mul } of [node, browser]) {
    const graph = new Graph();
    const [x, w, s] = [
      graph.input("x", "float32", [3, 4]),
      graph.input("w", "float32", [5, 4]),
      graph.input("s", "float32", [4]),
    ];
    const y = softmax(matmul(silu(rmsNorm(x, s, 1e-6)), w, { transposeB: true }));
    grad(sumAll(mul(y, y)), [x, w, s]).forEach((d, i) => {
      graph.output(`d${i}`, d);
    });
    const session = await createSession(graph, { threads: 1 });
    const rng = node.createRng(1);
    const data = (n: number): Float32Array => Float32Array.from({ length: n }, () => rng.normal());
    const outputs = await session.run({ x: data(12), w: data(20), s: data(4) });
    results.push(["d0", "d1", "d2"].flatMap((name) => Array.from(outputs[name]?.data ?? [], Number)));
    await session.dispose();
  }
  const [expected = [], found = []] = results;
  expect(found).toHaveLength(36);
  for (const [i, x] of expected.entries()) expect(found[i]).toBeCloseTo(x, 5);
});
