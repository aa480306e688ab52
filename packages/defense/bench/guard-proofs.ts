/**
 * The guard's promises, proved against a real upstream: `npx tsx bench/guard-proofs.ts --upstream http://127.0.0.1:8000/v1 [--model NAME] [--requests 2000]
 * [--out results.json]`. Without --upstream the local server of the tests answers. The guard is a checkpoint of two layers that this
 * script makes: its scores mean nothing, its promises must hold all the same.
 */
import type { ChildProcess } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { conformalThreshold } from "@videosafety/alarm-tokens";
import { mapLimited } from "@videosafety/endpoint";
import { createRng } from "@videosafety/random";
import OpenAI from "openai";
import { openEngine } from "../src/guard/engine/open-engine-node.js";
import {
  contentOf,
  type Drawn,
  draw,
  endAll,
  makeGuard,
  residentMiB,
  serveGuard,
  startRecorder,
  TARGET_FRR,
  verdictOf,
} from "./guard-rig.js";

const { values: flags } = parseArgs({
  options: {
    upstream: { type: "string" },
    model: { type: "string", default: "m" },
    requests: { type: "string", default: "2000" },
    tokens: { type: "string", default: "4" },
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
const children = new Set<ChildProcess>();
const made = await makeGuard();
const { folder, checkpoint, guardFile, file } = made;
note("calibration", {
  ...{ items: 600, safe: 500, targetFrr: TARGET_FRR, confidence: 0.95 },
  expectedFrr: file.calibration.refusal.expectedFrr,
  seconds: made.calibrationSeconds,
  drift: file.drift,
});
const upstream = await startRecorder(flags.upstream);
note("upstream", upstream.name);
let said: Buffer[] = [];
upstream.onAnswer = (bytes) => void said.push(bytes);
const serve = (stateFile = "state.json", ...more: string[]) =>
  serveGuard(
    made,
    {
      ...{ upstream: upstream.baseUrl, stateFile: join(folder, stateFile), flags: more },
      ...{ model: flags.model, tokens: Number(flags.tokens) },
    },
    children,
  );
let guard = await serve();

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
    promised: TARGET_FRR,
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
    const { threshold } = conformalThreshold(order.slice(0, 300), { targetFrr: TARGET_FRR, confidence: 0.95 });
    if (order.slice(300).filter((score) => score > threshold).length / 300 > TARGET_FRR) broken++;
  }
  note("promiseOverRedraws", {
    guards: 1000,
    aboveTargetOn300Others: broken / 1000,
    note: "the rate on 300 others scatters around the true one, so a little above 5 % is expected",
  });

  // Overload: everything at once.
  const crowded = await serve("crowded.json", "--max-waiting", "16");
  const before = residentMiB(crowded.child.pid);
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
    memoryMiB: [before, residentMiB(crowded.child.pid)].map(Math.round),
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

  // Shifted requests: those of the draws whose scores are higher by about one standard deviation in the mean.
  const mean = scores.reduce((a, b) => a + b, 0) / scores.length;
  const deviation = Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length);
  const high = [...scored].sort((a, b) => b.score - a.score).slice(0, Math.floor(scored.length * 0.37));
  const shift = (high.reduce((sum, { score }) => sum + score, 0) / high.length - mean) / deviation;
  const shifted = await serve("shifted.json");
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
  await endAll(children);
  await upstream.close();
  await made.remove();
}
