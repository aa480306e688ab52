/**
 * The guard's promises, proved against a real upstream: `npx tsx bench/guard-proofs.ts --upstream http://127.0.0.1:8000/v1 [--model NAME] [--requests 2000]
 * [--soak SECONDS] [--out results.json]`. Without --upstream the local server of the tests answers. The guard is a checkpoint of two layers that this
 * script makes: its scores mean nothing, its promises must hold all the same.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, request as requestHttp } from "node:http";
import type { AddressInfo } from "node:net";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { conformalThreshold } from "@videosafety/alarm-tokens";
import { mapLimited } from "@videosafety/endpoint";
import { createRng } from "@videosafety/random";
import type { EvalItem } from "@videosafety/safety-data";
import OpenAI from "openai";
import { calibrateFromItems } from "../src/guard/calibrate/calibrate-guard-node.js";
import { openEngine } from "../src/guard/engine/open-engine-node.js";
import { answerChat, dataUrl, greyPng, startUpstream } from "../test/guard-fixtures.js";
import { writeTinyCheckpoint } from "../test/tiny-checkpoint.js";

const { values: flags } = parseArgs({
  options: {
    upstream: { type: "string" },
    model: { type: "string", default: "m" },
    requests: { type: "string", default: "2000" },
    tokens: { type: "string", default: "4" },
    soak: { type: "string", default: "60" },
    out: { type: "string" },
  },
});
const requests = Number(flags.requests);
const results: Record<string, unknown> = {
  date: new Date().toISOString(),
  node: process.version,
  cpu: cpus()[0]?.model,
  cores: cpus().length,
};
const note = (name: string, value: unknown): void => {
  results[name] = value;
  process.stdout.write(`${name}: ${JSON.stringify(value)}\n`);
};
const TARGET = 0.05;
const folder = await mkdtemp(join(tmpdir(), "guard-proofs-"));
process.env.VIDEOSAFETY_CACHE = join(folder, "cache");
const children = new Set<ChildProcess>();

// Inputs: a picture of one grey level and a question. Draws of one distribution; `shifted` ones are of another.
const picturePath = (level: number): string => join(folder, `grey-${level}.png`);
for (let level = 0; level < 256; level++) await writeFile(picturePath(level), greyPng(level, 16));
const question = (number: number): string => `what happens here ${String(number).padStart(6, "0")}?`;
interface Drawn {
  readonly level: number;
  readonly text: string;
}
const draw = (rng: ReturnType<typeof createRng>): Drawn => ({
  level: 40 + rng.integer(100),
  text: question(rng.integer(1e6)),
});
const contentOf = ({ level, text }: Drawn) => [
  { type: "text" as const, text },
  { type: "image_url" as const, image_url: { url: dataUrl("image/png", greyPng(level, 16)) } },
];

// A guard from 600 items.
const checkpoint = join(folder, "model");
await writeTinyCheckpoint(checkpoint);
const rng = createRng(11);
const items: EvalItem[] = Array.from({ length: 600 }, (_, i) => {
  const harmful = i >= 500 ? 1 : 0;
  const { level, text } = draw(rng);
  return {
    ...{ id: `item-${i}`, subset: harmful ? "HH" : "SafeQ", query: harmful ? text.replace("what", "this") : text },
    ...{ video: { path: picturePath(level) }, category: null, subcategory: null, language: "en" },
    labels: { visual: harmful, textual: harmful },
  };
});
const data = join(folder, "items.jsonl");
await writeFile(data, items.map((item) => JSON.stringify(item)).join("\n"));
const guardFile = join(folder, "guard.json");
const calibrateStarted = performance.now();
const file = await calibrateFromItems({
  checkpoint,
  items: data,
  root: folder,
  targetFrr: TARGET,
  confidence: 0.95,
  refuseOn: "textual",
  out: guardFile,
});
note("calibration", {
  items: 600,
  safe: 500,
  targetFrr: TARGET,
  confidence: 0.95,
  expectedFrr: file.calibration.refusal.expectedFrr,
  seconds: (performance.now() - calibrateStarted) / 1000,
  drift: file.drift,
});

// The upstream, behind a recorder that keeps what it said.
const own = flags.upstream === undefined ? await startUpstream(answerChat) : null;
const upstreamUrl = new URL(flags.upstream ?? (own?.baseUrl as string));
note("upstream", flags.upstream === undefined ? "the tests' local server" : flags.upstream);
let said: Buffer[] = [];
/** What a model of words alone is asked: the request without its pictures. Answers go through untouched. */
const withoutPictures = (body: Buffer): Buffer => {
  const asked = JSON.parse(body.toString()) as { messages: { content: { type: string; text?: string }[] }[] };
  const messages = asked.messages.map((message) => ({
    ...message,
    content: message.content.find(({ type }) => type === "text")?.text,
  }));
  return Buffer.from(JSON.stringify({ ...asked, messages }));
};
const recorder = createServer(async (request, response) => {
  const parts: Buffer[] = [];
  try {
    for await (const part of request) parts.push(part as Buffer);
  } catch {
    return;
  }
  const asked = Buffer.concat(parts);
  const body = own === null && asked.length > 0 ? withoutPictures(asked) : asked;
  const { "transfer-encoding": _t, ...headers } = request.headers;
  const target = { host: upstreamUrl.hostname, port: upstreamUrl.port, path: request.url, method: request.method };
  const sent = requestHttp(
    { ...target, headers: { ...headers, host: upstreamUrl.host, "content-length": body.length } },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        response.write(chunk);
      });
      answer.on("end", () => {
        said.push(Buffer.concat(chunks));
        response.end();
      });
    },
  );
  sent.on("error", () => response.destroy());
  response.on("close", () => sent.destroy());
  sent.end(body);
});
await new Promise<void>((resolve) => recorder.listen(0, "127.0.0.1", resolve));
const recorded = `http://127.0.0.1:${(recorder.address() as AddressInfo).port}/v1`;

const cli = fileURLToPath(new URL("../src/cli-node.ts", import.meta.url));
const state = join(folder, "state.json");
async function serve(...more: string[]) {
  const child = spawn(
    process.execPath,
    [
      "--import",
      "tsx",
      cli,
      "guard",
      "serve",
      "--checkpoint",
      checkpoint,
      "--calibration",
      guardFile,
      "--upstream",
      recorded,
      "--on-failure",
      "closed",
      "--port",
      "0",
      "--no-isolate",
      "--log-level",
      "error",
      "--state-file",
      state,
      "--state-interval",
      "500",
      ...more,
    ],
    {
      stdio: ["ignore", "pipe", "inherit"],
      cwd: fileURLToPath(new URL("../../..", import.meta.url)),
      env: { ...process.env, TSX_TSCONFIG_PATH: fileURLToPath(new URL("../../../tsconfig.json", import.meta.url)) },
    },
  );
  children.add(child);
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  const { baseUrl, enginePid } = JSON.parse(line.toString()) as { baseUrl: string; enginePid: number };
  const chat = (drawn: Drawn, extra: object = {}) =>
    fetch(`${baseUrl}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        model: flags.model,
        max_tokens: Number(flags.tokens),
        messages: [{ role: "user", content: contentOf(drawn) }],
        ...extra,
      }),
    });
  const says = async () =>
    (await (await fetch(`${baseUrl}/guard`)).json()) as {
      drift: { observed: number; drifted: boolean; log_evidence: number };
      requests: Record<string, number>;
    };
  const memory = (pid: number | undefined): number =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  return { child, baseUrl, enginePid, chat, says, memory };
}
let guard = await serve();
const verdictOf = (answer: Response): string =>
  answer.status === 200 ? (answer.headers.get("x-videosafety-guard") ?? "unmarked") : `status ${answer.status}`;

try {
  // Streams and whole answers, byte for byte.
  const live = createRng(12);
  let equal = 0;
  for (let i = 0; i < 20; i++) {
    said = [];
    const answer = await guard.chat(draw(live), { stream: i % 2 === 0 });
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (verdictOf(answer) === "refuse") i--;
    else if (said[0]?.equals(bytes) && answer.status === 200) equal++;
  }
  note("answersEqualByteForByte", `${equal} of 20, half of them streamed`);

  // A refusal through OpenAI's client. Which request is refused an engine in this process says.
  const engine = await openEngine({ checkpoint, guardFile, mode: "refuse" });
  const frame = (level: number) => ({
    frames: { data: new Uint8Array(768).fill(level), dims: [1, 16, 16, 3] as const },
    timestampsSeconds: Float64Array.of(0),
  });
  let refused: Drawn | undefined;
  const scored: { drawn: Drawn; score: number }[] = [];
  for (let i = 0; i < 600; i++) {
    const drawn = draw(live);
    const input = { query: drawn.text, videos: [frame(drawn.level)] };
    // A machine with a load of 30 can hold up the tokenizer beyond its deadline.
    const { verdict, score } = await engine.assess(input).catch(() => engine.assess(input));
    scored.push({ drawn, score });
    if (verdict === "refuse") refused = drawn;
  }
  const client = new OpenAI({ baseURL: guard.baseUrl, apiKey: "unused", maxRetries: 0 });
  if (refused !== undefined) {
    const messages = [{ role: "user" as const, content: contentOf(refused) }];
    const whole = await client.chat.completions.create({ model: "m", messages });
    let text = "";
    let finish: string | null = null;
    for await (const chunk of await client.chat.completions.create({ model: "m", messages, stream: true })) {
      text += chunk.choices[0]?.delta.content ?? "";
      finish = chunk.choices[0]?.finish_reason ?? finish;
    }
    note("refusalThroughOpenAiClient", {
      version: (await import("openai/version")).VERSION,
      whole: whole.choices[0],
      streamed: { text, finish },
    });
  }

  // The false refusal rate over fresh safe requests, and no drift in them.
  const counts: Record<string, number> = {};
  const started = performance.now();
  const fresh = Array.from({ length: requests }, () => draw(live));
  await mapLimited(fresh, 6, async (drawn) => {
    const answer = await guard.chat(drawn);
    await answer.arrayBuffer();
    counts[verdictOf(answer)] = (counts[verdictOf(answer)] ?? 0) + 1;
  });
  const quiet = await guard.says();
  note("safeRequests", {
    requests,
    counts,
    frr: (counts.refuse ?? 0) / requests,
    promised: TARGET,
    secondsEach: (performance.now() - started) / 1000 / requests,
    drift: quiet.drift,
  });
  // The same promise over many guards: thresholds from 500 of the scores, rates on the rest.
  const scores = scored.map(({ score }) => score);
  let broken = 0;
  for (let k = 0; k < 1000; k++) {
    const order = scores
      .map((score) => ({ score, key: live.uniform() }))
      .sort((a, b) => a.key - b.key)
      .map(({ score }) => score);
    const { threshold } = conformalThreshold(order.slice(0, 300), { targetFrr: TARGET, confidence: 0.95 });
    if (order.slice(300).filter((score) => score > threshold).length / 300 > TARGET) broken++;
  }
  note("promiseOverRedraws", {
    guards: 1000,
    aboveTargetOn300Others: broken / 1000,
    note: "the rate on 300 others scatters around the true one, so a little above 5 % is expected",
  });

  // Overload: everything at once.
  const crowded = await serve("--max-waiting", "16", "--state-file", join(folder, "crowded.json"));
  const before = crowded.memory(crowded.child.pid);
  const crowd = await Promise.all(
    Array.from({ length: 300 }, async () => {
      const answer = await crowded.chat(draw(live));
      await answer.arrayBuffer();
      return `${answer.status}${answer.headers.has("retry-after") ? " with Retry-After" : ""}`;
    }),
  );
  const tally: Record<string, number> = {};
  for (const one of crowd) tally[one] = (tally[one] ?? 0) + 1;
  const after = await crowded.chat(draw(live));
  note("overload", {
    atOnce: 300,
    waitingAtMost: 16,
    answers: tally,
    memoryMiB: [before, crowded.memory(crowded.child.pid)].map(Math.round),
    nextRequest: after.status,
  });
  crowded.child.kill("SIGTERM");

  // kill -9 of the proxy under load: the drift test goes on where it was.
  const observed = (await guard.says()).drift.observed;
  const loaded = Promise.allSettled(Array.from({ length: 20 }, () => guard.chat(draw(live))));
  guard.child.kill("SIGKILL");
  await loaded;
  guard = await serve();
  const resumed = (await guard.says()).drift.observed;
  note("killNine", { observedBefore: observed, observedAfterRestart: resumed, lost: observed - resumed });

  // Soak: as a client would, one after the other.
  const memories: [number, number][] = [];
  const times: number[] = [];
  const soak: Record<string, number> = {};
  const until = performance.now() + Number(flags.soak) * 1000;
  let next = 0;
  while (performance.now() < until) {
    const begun = performance.now();
    const answer = await guard.chat(draw(live), { stream: times.length % 2 === 0 });
    await answer.arrayBuffer();
    times.push(performance.now() - begun);
    soak[verdictOf(answer)] = (soak[verdictOf(answer)] ?? 0) + 1;
    if (performance.now() >= next) {
      memories.push([Math.round(guard.memory(guard.child.pid)), Math.round(guard.memory(guard.enginePid))]);
      next = performance.now() + (Number(flags.soak) * 1000) / 12;
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  times.sort((a, b) => a - b);
  note("soak", {
    seconds: Number(flags.soak),
    requests: times.length,
    answers: soak,
    p50Ms: times[times.length >> 1],
    p99Ms: times[Math.floor(times.length * 0.99)],
    memoryMiBOfProxyAndModel: memories,
    drift: (await guard.says()).drift,
  });

  // Shifted requests: those of the draws whose scores are higher by about one standard deviation in the mean.
  const mean = scores.reduce((a, b) => a + b, 0) / scores.length;
  const deviation = Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length);
  const high = [...scored].sort((a, b) => b.score - a.score).slice(0, Math.floor(scored.length * 0.37));
  const shift = (high.reduce((sum, { score }) => sum + score, 0) / high.length - mean) / deviation;
  const shifted = await serve("--state-file", join(folder, "shifted.json"));
  let raisedAt: number | null = null;
  for (const [i, { drawn }] of high
    .map((one) => ({ ...one, key: live.uniform() }))
    .sort((a, b) => a.key - b.key)
    .entries()) {
    await (await shifted.chat(drawn)).arrayBuffer();
    if (!(await shifted.says()).drift.drifted) continue;
    raisedAt = i + 1;
    break;
  }
  note("drift", {
    meanShiftInStandardDeviations: shift,
    raisedAfterRequests: raisedAt,
    statedWithin: file.drift.within,
  });
} finally {
  if (flags.out !== undefined) await writeFile(flags.out, `${JSON.stringify(results, null, 1)}\n`);
  for (const child of children) child.kill("SIGTERM");
  await Promise.all(
    [...children].map((child) => (child.exitCode === null && child.signalCode === null ? once(child, "exit") : null)),
  );
  recorder.closeAllConnections();
  recorder.close();
  await own?.close();
  await rm(folder, { recursive: true, force: true });
}
