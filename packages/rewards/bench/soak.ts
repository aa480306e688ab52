// A long run of small requests against a server of its own, with its memory once a minute; build first.
// usage: tsx bench/soak.ts [--seconds 3600] [--rate 200]        one JSON object a line; the last one is the summary
// Words change all the time, every 50th request is malformed (400), and every 97th client hangs up before its answer.
import { Agent, request } from "node:http";
import { parseArgs } from "node:util";
import { startOwnServer } from "./own-server.js";

const { values: flags } = parseArgs({
  options: { seconds: { type: "string", default: "3600" }, rate: { type: "string", default: "200" } },
});
const [seconds, rate] = [Number(flags.seconds), Number(flags.rate)];
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

let state = 1;
const random = (below: number): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};
/** Words from a vocabulary that drifts with the number of the request. */
const words = (count: number, sent: number): string =>
  Array.from({ length: count }, () => `w${(random(4000) + Math.floor(sent / 10)).toString(36)}ing`).join(" ");
const tagged = (text: string, label: number): string =>
  `<think>A short thought.</think><answer>${text}</answer><vidType>${label}</vidType><textType>1</textType>`;
const body = (sent: number): string => {
  const solution = tagged(words(140, sent), 1);
  const items = Array.from({ length: 6 }, (_, i) => ({
    completion: tagged(words(140, sent), i % 2),
    solution,
    problem_type: "free-form-and-choice",
  }));
  return JSON.stringify(sent % 50 === 49 ? { items, rewards: 3 } : { items });
};

const counts = { answered: 0, refused: 0, hungUp: 0, failed: 0 };
let times: number[] = [];

function send(url: string, sent: number): Promise<void> {
  return new Promise((resolve) => {
    const start = performance.now();
    const hangUp = sent % 97 === 96;
    const call = request(url, { method: "POST", agent, headers: { "content-type": "application/json" } }, (answer) => {
      answer.resume();
      answer.on("end", () => {
        times.push(performance.now() - start);
        if (answer.statusCode === 200) counts.answered++;
        else if (answer.statusCode === 400 && sent % 50 === 49) counts.refused++;
        else counts.failed++;
        resolve();
      });
    });
    call.on("error", () => {
      if (hangUp) counts.hungUp++;
      else counts.failed++;
      resolve();
    });
    call.end(body(sent), () => hangUp && call.destroy());
  });
}

const { url, metrics, stop } = await startOwnServer();
const mebibytes: number[] = [];
let sent = 0;
try {
  const pending = new Set<Promise<void>>();
  const start = performance.now();
  const report = async (): Promise<void> => {
    const metric = await metrics();
    const minute = mebibytes.length;
    mebibytes.push(Math.round(metric("process_resident_memory_bytes") / 2 ** 20));
    const sorted = times.sort((a, b) => a - b);
    times = [];
    const at = (share: number): number => Number((sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1));
    console.log(
      JSON.stringify({
        minute,
        residentMebibytes: mebibytes[minute],
        heapMebibytes: Math.round(metric("nodejs_heap_size_used_bytes") / 2 ** 20),
        cpuSeconds: Math.round(metric("process_cpu_seconds_total")),
        restarts: metric("safety_rewards_worker_restarts_total"),
        sent,
        ...counts,
        p50Milliseconds: at(0.5),
        p99Milliseconds: at(0.99),
      }),
    );
  };
  for (let elapsed = 0; elapsed < seconds; elapsed = (performance.now() - start) / 1000) {
    for (const due = Math.floor(elapsed * rate); sent < due; sent++) {
      const call = send(`${url}/v1/rewards`, sent).finally(() => pending.delete(call));
      pending.add(call);
    }
    if (elapsed >= mebibytes.length * 60) await report();
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  await Promise.all(pending);
  await report();
} finally {
  await stop();
  agent.destroy();
}
// The first sixth is for the heap to settle.
const settled = mebibytes.slice(Math.floor(mebibytes.length / 6));
const half = Math.ceil(settled.length / 2);
const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
console.log(
  JSON.stringify({
    summary: `${sent} requests of 6 items in ${seconds} s`,
    ...counts,
    residentMebibytes: {
      first: mebibytes[0],
      least: Math.min(...settled),
      most: Math.max(...settled),
      last: mebibytes.at(-1),
    },
    meanOfSecondHalfMinusFirst: Number((mean(settled.slice(half)) - mean(settled.slice(0, half))).toFixed(1)),
  }),
);
