// A run over a real Redis with three workers, one of them killed with SIGKILL every second.
// Needs redis-server on PATH. Run: npx tsx packages/vsb-eval/test/queue-check.ts [items per subset, default 100]
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRuleJudge } from "../src/judge/rule-judge.js";
import { collectUnits } from "../src/metrics/scored-unit.js";
import { enqueueRun, queueCounts } from "../src/queue/bull-queue-node.js";
import { MemoryStore, mergeInto } from "../src/store/evaluation-store.js";
import { JsonlFileStore } from "../src/store/jsonl-file-store-node.js";
import { testItems } from "../src/testing/fixtures.js";

const count = Number(process.argv[2] ?? 100);
const WORKER = fileURLToPath(new URL("./queue-worker.ts", import.meta.url));
const TSX_TSCONFIG_PATH = fileURLToPath(new URL("../tsconfig.json", import.meta.url));
const port = 20_000 + (process.pid % 10_000);
const url = `redis://127.0.0.1:${port}`;
const directory = await mkdtemp(join(tmpdir(), "vsb-queue-"));
const log = join(directory, "log.txt");
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const settings = ["--port", `${port}`, "--dir", directory, "--appendonly", "yes", "--maxmemory-policy", "noeviction"];
const redis = spawn("redis-server", settings, { stdio: "ignore" });
const workers: (ChildProcess | null)[] = [null, null, null];
const startOne = (w: number): void => {
  workers[w] = spawn(process.execPath, ["--import", "tsx", WORKER, url, join(directory, `w${w}`), log, `${count}`], {
    stdio: ["pipe", "ignore", "inherit"],
    env: { ...process.env, TSX_TSCONFIG_PATH },
  });
};

try {
  await sleep(500);
  const items = testItems(count);
  const arms = ["video", "text"];
  const total = await enqueueRun({ url, queue: "check", items, arms });
  await enqueueRun({ url, queue: "check", items, arms });
  for (let w = 0; w < 3; w++) startOne(w);
  let kills = 0;
  const end = performance.now() + 150_000;
  await sleep(2500);
  while ((await queueCounts({ url, queue: "check" })).completed < total && performance.now() < end) {
    const victim = kills % 3;
    workers[victim]?.kill("SIGKILL");
    kills++;
    await sleep(200);
    startOne(victim);
    await sleep(2000);
  }
  const counts = await queueCounts({ url, queue: "check" });
  await Promise.all(
    workers.map(
      (worker) =>
        new Promise((resolve) => {
          worker?.once("exit", resolve);
          worker?.stdin?.write("end\n");
        }),
    ),
  );
  const merged = new MemoryStore();
  for (let w = 0; w < 3; w++) {
    const store = await JsonlFileStore.open(join(directory, `w${w}`));
    await mergeInto(merged, store);
    await store.close();
  }
  const units = collectUnits(merged, { run: merged.runs()[0] ?? "", judge: createRuleJudge().id, items, arms });
  const asked = (await readFile(log, "utf8")).trim().split("\n");
  console.log(
    JSON.stringify({
      units: total,
      kills,
      ...counts,
      judged: units.filter(({ outcome }) => outcome === "answered").length,
      lost: units.filter(({ outcome }) => outcome === null).length,
      asked: asked.length,
      askedTwice: asked.length - new Set(asked).size,
    }),
  );
} finally {
  for (const worker of workers) worker?.kill("SIGKILL");
  redis.kill();
  await sleep(300);
  await rm(directory, { recursive: true, force: true });
}
