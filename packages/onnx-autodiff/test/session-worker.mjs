/** A worker thread that differentiates, runs and answers. */
import { parentPort } from "node:worker_threads";
import { tsImport } from "tsx/esm/api";

const { createSession, exp, Graph, grad, sumAll } = await tsImport("../src/index.ts", import.meta.url);
const graph = new Graph();
const x = graph.input("x", "float32", [4]);
graph.output("d", grad(sumAll(exp(x)), [x])[0]);
const session = await createSession(graph);
const { d } = await session.run({ x: Float32Array.of(0, 1, 2, 3) });
await session.dispose();
parentPort?.postMessage(d.data);
