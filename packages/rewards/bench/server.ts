// Server latency for batches of 1,024 items, and a short soak; build first (the server runs from dist).
// usage: tsx bench/server.ts [--seconds 60] [--against http://127.0.0.1:8018/v1/rewards] [--rival old/bin/safety-rewards.mjs]
//   --against times the same batches on another service, e.g. bench/fastapi_server.py
//   --rival times another build of the server, batch by batch in turns with this one
import { Agent, request } from "node:http";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { cpuFeatures, startOwnServer } from "./own-server.js";
import { benchPairs } from "./pairs.js";

const { values: flags } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    against: { type: "string" },
    rival: { type: "string" },
    batches: { type: "string", default: "200" },
  },
});
const agent = new Agent({ keepAlive: true });

function post(url: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method: "POST", agent, headers: { "content-type": "application/json" } }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk) => {
        text += chunk;
      });
      answer.on("end", () => (answer.statusCode === 200 ? resolve(text) : reject(new Error(text.slice(0, 200)))));
    });
    call.on("error", reject);
    call.end(body);
  });
}

const tagged = (text: string, label: number): string =>
  `<think>A short thought.</think><answer>${text}</answer><vidType>${label}</vidType><textType>1</textType>`;
const pairs = benchPairs();
const itemsOf = (count: number) =>
  Array.from({ length: count }, (_, i) => {
    const [reference, hypothesis] = pairs[i % pairs.length] as [string, string];
    return {
      completion: tagged(hypothesis, i % 2),
      solution: tagged(reference, 1),
      problem_type: "free-form-and-choice",
    };
  });
const big = JSON.stringify({ items: itemsOf(1024) });
const small = JSON.stringify({ items: itemsOf(6) });

/** Latencies of each service, which take turns batch by batch, so that a busy moment meets all of them. */
async function latencies(urls: readonly string[], batches: number, warmup: number): Promise<Record<string, number>[]> {
  for (let i = 0; i < warmup; i++) for (const url of urls) await post(url, big);
  const times = urls.map((): number[] => []);
  for (let i = 0; i < batches; i++)
    for (const [k, url] of urls.entries()) {
      const start = performance.now();
      await post(url, big);
      times[k]?.push(performance.now() - start);
    }
  return times.map((own) => {
    own.sort((a, b) => a - b);
    const at = (share: number): number => Number((own[Math.floor(share * (own.length - 1))] as number).toFixed(1));
    return { "best ms": at(0), "p50 ms": at(0.5), "p99 ms": at(0.99), "items/s": Math.round((1024 * 1000) / at(0.5)) };
  });
}
const latency = async (url: string, batches: number, warmup: number): Promise<Record<string, number>> =>
  (await latencies([url], batches, warmup))[0] as Record<string, number>;

console.log(cpuFeatures());
const { url, metrics, stop } = await startOwnServer();
const rival = flags.rival === undefined ? null : await startOwnServer(resolve(flags.rival));
try {
  const metric = async (name: string): Promise<number> => (await metrics())(name);
  const both = [url, ...(rival ? [rival.url] : [])].map((address) => `${address}/v1/rewards`);
  const [own = {}, other] = await latencies(both, Number(flags.batches), 20);
  const before = await metric("process_cpu_seconds_total");
  for (let i = 0; i < 20; i++) await post(`${url}/v1/rewards`, big);
  // Does not depend on what else the machine does: half of it, on two free cores, is a lower bound of the latency.
  own["CPU ms per batch"] = Math.round(((await metric("process_cpu_seconds_total")) - before) * 50);
  const table: Record<string, Record<string, number>> = { "@videosafety/rewards": own };
  if (other) table[`${flags.rival}`] = other;
  if (flags.against) table[flags.against] = await latency(flags.against, 2, 0);
  console.log(`batches of 1,024 items of 140 words (${(big.length / 2 ** 20).toFixed(1)} MiB), one after the other:`);
  console.table(table);

  const seconds = Number(flags.seconds);
  const memory = async (): Promise<number> => Math.round((await metric("process_resident_memory_bytes")) / 2 ** 20);
  const resident: number[] = [];
  let [sent, failed] = [0, 0];
  const pending = new Set<Promise<unknown>>();
  const start = performance.now();
  while (performance.now() - start < seconds * 1000) {
    const due = Math.floor((performance.now() - start) / 5);
    while (sent < due) {
      sent++;
      const call = post(`${url}/v1/rewards`, small)
        .catch(() => failed++)
        .finally(() => pending.delete(call));
      pending.add(call);
    }
    if (performance.now() - start > (resident.length * seconds * 1000) / 6) resident.push(await memory());
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(pending);
  resident.push(await memory());
  console.log(
    `soak: ${sent} requests of 6 items in ${seconds} s, ${failed} failed, resident MiB over time: ${resident.join(" ")}`,
  );
} finally {
  await stop();
  await rival?.stop();
  agent.destroy();
}
