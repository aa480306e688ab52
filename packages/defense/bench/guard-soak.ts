/**
 * Soak of `guard serve`: a steady mix of requests for an hour, and the memory of both processes each minute. `npx tsx bench/guard-soak.ts
 * [--seconds 3600] [--rate 2] [--upstream http://127.0.0.1:8000/v1] [--model NAME] [--tokens 4] [--every 60] [--out results.json]
 * [--snapshots FOLDER]`. With --snapshots each process writes a heap snapshot there on SIGUSR2.
 */
import type { ChildProcess } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus, loadavg, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { createRng } from "@videosafety/random";
import { contentOf, type Drawn, draw, endAll, makeGuard, serveGuard, startRecorder, verdictOf } from "./guard-rig.js";

const { values: flags } = parseArgs({
  options: {
    ...{ seconds: { type: "string", default: "3600" }, rate: { type: "string", default: "2" } },
    ...{ upstream: { type: "string" }, model: { type: "string", default: "m" } },
    ...{ tokens: { type: "string", default: "4" }, every: { type: "string", default: "60" } },
    ...{ out: { type: "string" }, snapshots: { type: "string" } },
  },
});
const seconds = Number(flags.seconds);
const rate = Number(flags.rate);
if (!(seconds > 0 && rate > 0)) throw new Error("expected --seconds and --rate above 0");

const children = new Set<ChildProcess>();
const made = await makeGuard();
const upstream = await startRecorder(flags.upstream);
const memoryFolder = join(made.folder, "memory");
await mkdir(memoryFolder);
if (flags.snapshots) await mkdir(flags.snapshots, { recursive: true });
const preload = new URL("./memory-log.mjs", import.meta.url).href;
const snapshots = flags.snapshots
  ? ` --heapsnapshot-signal=SIGUSR2 --diagnostic-dir=${JSON.stringify(resolve(flags.snapshots))}`
  : "";
const guard = await serveGuard(
  made,
  {
    ...{ upstream: upstream.baseUrl, stateFile: join(made.folder, "state.json") },
    ...{ model: flags.model, tokens: Number(flags.tokens) },
    env: {
      ...{ NODE_OPTIONS: `--import ${preload}${snapshots}` },
      ...{ SOAK_MEMORY_FOLDER: memoryFolder, SOAK_MEMORY_SECONDS: flags.every },
    },
  },
  children,
);
process.stderr.write(`proxy ${guard.child.pid}, model ${guard.enginePid}, ${guard.baseUrl}\n`);

/** What the clients of an hour do, with its share. */
const rng = createRng(21);
const recent: Drawn[] = [];
type Ask = (drawn: Drawn, stream: boolean) => Promise<string>;
const whole = async (answer: Response): Promise<string> => {
  await answer.arrayBuffer();
  return verdictOf(answer);
};
const text = (role: "user" | "assistant", content: unknown) => ({ role, content });
const kinds: readonly (readonly [share: number, name: string, ask: Ask])[] = [
  [0.6, "a new picture", async (drawn, stream) => whole(await guard.chat(drawn, { stream }))],
  [
    0.15,
    "a turn again",
    async (drawn, stream) => whole(await guard.chat(recent[rng.integer(recent.length)] ?? drawn, { stream })),
  ],
  [
    0.1,
    "a chat of two turns",
    async (drawn, stream) =>
      whole(
        await guard.chat(drawn, {
          messages: [text("user", contentOf(draw(rng))), text("assistant", "Yes."), text("user", contentOf(drawn))],
          stream,
        }),
      ),
  ],
  [
    0.08,
    "words only",
    async (drawn, stream) => whole(await guard.chat(drawn, { messages: [text("user", drawn.text)], stream })),
  ],
  [
    0.04,
    "a client that leaves",
    async (drawn) => {
      const leaving = new AbortController();
      const asked = guard.chat(drawn, { stream: true }, { signal: leaving.signal });
      setTimeout(() => leaving.abort(), rng.integer(60));
      return asked.then(whole).catch((error: Error) => (error.name === "AbortError" ? "left" : Promise.reject(error)));
    },
  ],
  [
    0.03,
    "a picture that is none",
    async (drawn) =>
      whole(
        await guard.chat(drawn, {
          messages: [
            text("user", [{ type: "image_url", image_url: { url: `data:image/png;base64,${btoa(drawn.text)}` } }]),
          ],
        }),
      ),
  ],
];
const chosen = (): (typeof kinds)[number] => {
  let rest = rng.uniform();
  for (const kind of kinds) {
    rest -= kind[0];
    if (rest < 0) return kind;
  }
  return kinds[0] as (typeof kinds)[number];
};

const counts: Record<string, Record<string, number>> = {};
const times: number[] = [];
const failures: string[] = [];
const begun = performance.now();
const underWay = new Set<Promise<void>>();
let sent = 0;
let stopped = false;
process.once("SIGINT", () => {
  stopped = true;
});
while (!stopped && performance.now() - begun < seconds * 1000) {
  const [, name, ask] = chosen();
  const drawn = draw(rng);
  const started = performance.now();
  const one: Promise<void> = ask(drawn, sent % 2 === 0)
    .then((verdict) => {
      counts[name] = { ...counts[name], [verdict]: (counts[name]?.[verdict] ?? 0) + 1 };
      if (verdict !== "left") times.push(performance.now() - started);
    })
    .catch((error: Error) => void failures.push(`${name}: ${error.message} ${String(error.cause ?? "")}`))
    .finally(() => underWay.delete(one));
  underWay.add(one);
  recent[sent % 200] = drawn;
  sent++;
  const due = begun + (sent * 1000) / rate;
  await new Promise((next) => setTimeout(next, Math.max(0, due - performance.now())));
}
await Promise.all(underWay);

const memoryOf = async (pid: number | undefined) =>
  (await readFile(join(memoryFolder, `${pid}.jsonl`), "utf8").catch(() => ""))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, number>);
const drift = (await guard.says()).drift;
times.sort((a, b) => a - b);
const results = {
  ...{ date: new Date().toISOString(), node: process.version, cpu: cpus()[0]?.model, cores: cpus().length },
  ...{ memoryGiB: Math.round(totalmem() / 2 ** 30), loadAverageAtEnd: loadavg() },
  upstream: upstream.name,
  ...{ seconds: (performance.now() - begun) / 1000, rate, sent, counts, failures: failures.length },
  firstFailures: failures.slice(0, 10),
  ...{ p50Milliseconds: times[times.length >> 1], p99Milliseconds: times[Math.floor(times.length * 0.99)] },
  drift,
  proxy: await memoryOf(guard.child.pid),
  model: await memoryOf(guard.enginePid),
};
if (flags.out !== undefined) await writeFile(flags.out, `${JSON.stringify(results, null, 1)}\n`);
const { proxy, model, ...said } = results;
process.stdout.write(`${JSON.stringify(said, null, 1)}\n`);
for (const [name, lines] of Object.entries({ proxy, model }))
  for (const line of lines) process.stdout.write(`${name} ${JSON.stringify(line)}\n`);
await endAll(children);
await upstream.close();
await made.remove();
