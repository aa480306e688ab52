// What the peers do with hostile completions, malformed references and rewards that hang. Build first (the server runs from dist).
// usage: PYTHON=python3 AUTHORS_FILE=... tsx bench/peers.ts        (see bench/peers.py; without PYTHON its columns stay empty)
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { n as jsRouge } from "js-rouge";
import { formatScore, meanRouge, safetyScore } from "../src/index.js";

const LIMIT_MILLISECONDS = 10_000;
const TAGS = "</think>".repeat(8192);
const STUCK = `<think>${"</think><answer></answer><vidType></vidType><textType>".repeat(100)}`;

function python(name: string): string {
  if (!process.env.PYTHON) return "not run: PYTHON is not set";
  const { stdout, stderr, error } = spawnSync(
    process.env.PYTHON,
    [fileURLToPath(new URL("./peers.py", import.meta.url)), name],
    { timeout: LIMIT_MILLISECONDS, encoding: "utf8" },
  );
  if (error) return `no answer in ${LIMIT_MILLISECONDS / 1000} s`;
  if (!stdout) return stderr.trim().split("\n").at(-1) ?? "";
  const { milliseconds, value } = JSON.parse(stdout) as { milliseconds?: number; value?: unknown };
  return milliseconds === undefined ? JSON.stringify(value) : `${milliseconds.toFixed(1)} ms`;
}

function timed(call: () => unknown): string {
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now();
    call();
    return performance.now() - start;
  });
  return `${Math.min(...times).toFixed(1)} ms`;
}

function outcome(call: () => unknown): string {
  try {
    return JSON.stringify(call());
  } catch (error) {
    return `throws ${error instanceof Error ? `${error.name}: ${error.message}` : error}`;
  }
}

/** Three items of which the second one's reward never returns, sent to a server with a deadline of a second an item. */
async function hanging(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "rewards-"));
  const file = join(directory, "rewards.mjs");
  await writeFile(
    file,
    "export const rewards = { stuck: ({ completion }) => { while (completion === 'hang'); return { value: 1, parts: {}, reason: null }; } };",
  );
  const { startRewardServer } = (await import(
    new URL("../dist/server.js", import.meta.url).href
  )) as typeof import("../src/server.js");
  const server = await startRewardServer({
    port: 0,
    itemDeadlineMilliseconds: 1000,
    rewardModule: pathToFileURL(file).href,
  });
  try {
    const items = ["a", "hang", "b"].map((completion) => ({ completion, solution: "", problem_type: "free-form" }));
    const answer = await fetch(`${server.url}/v1/rewards`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ items, rewards: ["stuck"] }),
    });
    return JSON.stringify(((await answer.json()) as { total: unknown }).total);
  } finally {
    await server.close();
    await rm(directory, { recursive: true });
  }
}

const noRewards = "does not apply: a metric, not a service of rewards";
const row = (completion: string) => ({ completion, problemType: "free-form-and-choice" as const });
console.table({
  "similarity, </think> x 8192": {
    here: timed(() => meanRouge("the quick brown fox", TAGS)),
    "js-rouge 3.2.3": timed(() => jsRouge(TAGS, "the quick brown fox", { n: 1 })),
    rouge_score: python("rouge_score tags"),
    "authors' functions": "use rouge_score",
  },
  "format, 5.4 KB of repeated tags": {
    here: timed(() => formatScore(row(STUCK))),
    "js-rouge 3.2.3": "does not apply: no format",
    rouge_score: "does not apply: no format",
    "authors' functions": python("authors tags"),
  },
  "malformed (empty or untagged) reference": {
    here: outcome(() => safetyScore("no tags", "no tags").value),
    "js-rouge 3.2.3": outcome(() => jsRouge("no", "", { n: 1 })),
    rouge_score: python("rouge_score malformed"),
    "authors' functions": python("authors malformed"),
  },
  "three items, one never ends (authors: 16 KB of such tags)": {
    here: await hanging(),
    "js-rouge 3.2.3": noRewards,
    rouge_score: noRewards,
    "authors' functions": python("authors hang"),
  },
});
