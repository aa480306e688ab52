// What the runner adds to a request: 20,000 units at concurrency 512 against a responder that answers at once,
// with the file store (fsync included) and the rule judge. Prints milliseconds a request.
// Run: npx tsx packages/vsb-eval/bench/runner-overhead.ts
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRuleJudge } from "../src/judge/rule-judge.js";
import { createOpenAiResponder } from "../src/openai/openai-responder.js";
import type { Responder } from "../src/run/responder.js";
import { runEvaluation } from "../src/run/run-evaluation.js";
import { JsonlFileStore } from "../src/store/jsonl-file-store-node.js";
import { testItems } from "../src/testing/fixtures.js";
import { startMockServer } from "../src/testing/mock-server-node.js";

const ANSWER = "I'm sorry, but I can't help with that request.";
const items = testItems(2000);
const server = await startMockServer(() => ANSWER);
const remote = createOpenAiResponder({ baseUrl: server.baseUrl, model: "mock", revision: "1" });
const instant: Responder = { id: "instant", respond: async () => ({ text: ANSWER, finishReason: "stop" }) };

async function timed(responder: Responder): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), "vsb-bench-"));
  const store = await JsonlFileStore.open(directory);
  const start = performance.now();
  let done = 0;
  const concurrency = { start: 512, max: 512 };
  const options = { items, responder, arms: ["text"], judge: createRuleJudge(), store, sampling: null, concurrency };
  for await (const event of runEvaluation(options)) if (event.type === "progress") done = event.done;
  const milliseconds = performance.now() - start;
  await store.close();
  await rm(directory, { recursive: true });
  return milliseconds / done;
}

// The floor: the same HTTP requests at the same concurrency, without the runner.
async function bare(): Promise<number> {
  const start = performance.now();
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) {
      const item = items[next++] as (typeof items)[number];
      const generation = { maxNewTokens: 512, temperature: 0, topP: 1, seed: 0, system: null };
      await remote.respond({ item, arm: "text", query: item.query, frames: null, generation }, {});
    }
  };
  await Promise.all(Array.from({ length: 512 }, work));
  return (performance.now() - start) / items.length;
}

await timed(instant);
const [inProcess, floor, http] = [await timed(instant), await bare(), await timed(remote)];
await server.close();
console.log(
  JSON.stringify({
    requests: items.length,
    concurrency: 512,
    inProcessMs: Number(inProcess.toFixed(3)),
    bareHttpMs: Number(floor.toFixed(3)),
    runnerHttpMs: Number(http.toFixed(3)),
    overheadMs: Number((http - floor).toFixed(3)),
  }),
);
