/**
 * One contender of a benchmark. argv[2] is a JSON of StepOptions (or {"mode":"ceiling"}); each line "run N" on stdin runs N
 * steps and answers one JSON line { ms: number[], loss, peakRssMB }. The first line describes the contender.
 */
import { createInterface } from "node:readline";
import { createSession, Graph, matmul } from "../src/index.js";
import { createTrainingStep, type StepOptions, type TrainingStep } from "./training-step.js";

/** Square products of 1024 and 2048, and the model's own shapes: what the matmul kernel reaches on this machine now. */
async function createCeiling(): Promise<TrainingStep> {
  const graph = new Graph();
  const feeds: Record<string, Float32Array> = {};
  const shapes = [
    [1024, 1024, 1024],
    [2048, 2048, 2048],
  ] as const;
  for (const [i, [m, k, n]] of shapes.entries()) {
    feeds[`a${i}`] = new Float32Array(m * k).fill(0.5);
    feeds[`b${i}`] = new Float32Array(k * n).fill(0.25);
    graph.output(`y${i}`, matmul(graph.input(`a${i}`, "float32", [m, k]), graph.input(`b${i}`, "float32", [k, n])));
  }
  const session = await createSession(graph);
  const fetches = { y0: new Float32Array(1024 ** 2), y1: new Float32Array(2048 ** 2) };
  return {
    run: async () => {
      await session.run(feeds, { fetches });
      return fetches.y0[0] as number;
    },
    flops: graph.matmulFlops(),
    tokens: 0,
    parameters: 0,
    trainable: 0,
    startMs: 0,
    dispose: () => session.dispose(),
  };
}

const options = JSON.parse(process.argv[2] ?? "{}") as StepOptions | { mode: "ceiling" };
const step = options.mode === "ceiling" ? await createCeiling() : await createTrainingStep(options);
const { flops, tokens, parameters, trainable, startMs } = step;
console.log(JSON.stringify({ flops, tokens, parameters, trainable, startMs }));
for await (const line of createInterface({ input: process.stdin })) {
  const ms: number[] = [];
  let loss = 0;
  for (let i = 0; i < Number(line.split(" ")[1]); i++) {
    const start = performance.now();
    loss = await step.run();
    ms.push(performance.now() - start);
  }
  console.log(JSON.stringify({ ms, loss, peakRssMB: Math.round(process.resourceUsage().maxRSS / 1024) }));
}
await step.dispose();
