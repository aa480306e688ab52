/**
 * What the proxy remembers of turns, in bytes of heap after a collection: `npx tsx bench/turn-memory.ts`. Distinct turns pass the assessor and the drift
 * test, with an engine that costs nothing: memory must rise until `cachedTurns` assessments are remembered, and no further.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createRng } from "@videosafety/random";
import type { GuardEngine } from "../src/guard/engine/guard-engine.js";
import { openDriftWatch } from "../src/guard/proxy/drift-watch-node.js";
import { proxyOptionsSchema } from "../src/guard/proxy/proxy-options.js";
import { createTurnAssessor } from "../src/guard/proxy/turn-assessor-node.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const options = proxyOptionsSchema.parse({
  upstream: "http://127.0.0.1:1/v1",
  onFailure: "closed",
  textOnly: "assess",
  driftMaximumScores: 20_000,
  assessTimeoutMilliseconds: 500,
});
const rng = createRng(1);
const engine: GuardEngine = {
  ready: true,
  assess: async () => {
    const score = rng.normal();
    return { verdict: "allow", score, visual: rng.uniform(), textual: rng.uniform(), tier: "alarms" } as never;
  },
  close: async () => {},
};
const assessor = createTurnAssessor(engine, { type: "uniform", frameCount: 4 }, options);
const drift = await openDriftWatch(
  Array.from({ length: 500 }, () => rng.normal()),
  options,
);
/** After the deadlines of the last turns, which hold them until then. */
const heap = async (): Promise<number> => {
  await new Promise((resolve) => setTimeout(resolve, 700));
  collect();
  return process.memoryUsage().heapUsed;
};
const start = await heap();
for (let turns = 0; turns <= 40_000; turns += 5000) {
  process.stdout.write(`${JSON.stringify({ turns, heapMiB: ((await heap()) - start) / 2 ** 20 })}\n`);
  for (let i = 0; i < 5000; i++) {
    const chat = { turns: [{ query: `what happens here ${turns + i}?`, video: null }] };
    const [turn] = (await assessor.assess(chat as never, new AbortController().signal)) ?? [];
    drift.observe(turn?.assessment.score ?? 0);
  }
}
