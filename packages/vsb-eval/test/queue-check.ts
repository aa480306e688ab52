// A run over a real Redis with three workers. Every two seconds a worker is killed with SIGKILL, or Redis itself, by turns.
// Needs redis-server on PATH. Run: npx tsx packages/vsb-eval/test/queue-check.ts [items per subset, default 400] [kills of each, default 10]
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRuleJudge } from "../src/judge/rule-judge.js";
import { collectUnits } from "../src/metrics/scored-unit.js";
import { openRunQueue } from "../src/queue/bull-queue-node.js";
import { runId } from "../src/run/records/record-keys.js";
import { DEFAULT_GENERATION } from "../src/run/responder.js";
import { MemoryStore, mergeInto } from "../src/store/evaluation-store.js";
import { readStore } from "../src/store/jsonl-file-store-node.js";
import { testFrames, testItems, testResponder } from "../src/testing/fixtures.js";

/** What the check found. */
export interface QueueCheckResult {
  readonly units: number;
  readonly workerKills: number;
  readonly redisKills: number;
  /** Units that the queue says have ended. */
  readonly ended: number;
  readonly judged: number;
  readonly lost: number;
  readonly asked: number;
  /** Units asked again: those in the hands of a killed worker. */
  readonly askedTwice: number;
  /** Units stored with two different answers. */
  readonly storedTwice: number;
}

const WORKER = fileURLToPath(new URL("./queue-worker.ts", import.meta.url));
const TSX_TSCONFIG_PATH = fileURLToPath(new URL("../tsconfig.json", import.meta.url));
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** @param count items per subset; @param kills of workers, and as many of Redis */
export async function queueCheck(count: number, kills: number, workersCount = 3): Promise<QueueCheckResult> {
  const port = 20_000 + (process.pid % 10_000);
  const url = `redis://127.0.0.1:${port}`;
  const directory = await mkdtemp(join(tmpdir(), "vsb-queue-"));
  const log = join(directory, "log.txt");
  const settings = ["--port", `${port}`, "--dir", directory, "--appendonly", "yes", "--appendfsync", "always"];
  const startRedis = (): ChildProcess =>
    spawn("redis-server", [...settings, "--maxmemory-policy", "noeviction", "--save", ""], { stdio: "ignore" });
  let redis = startRedis();
  const workers: (ChildProcess | null)[] = Array.from({ length: workersCount }, () => null);
  const startOne = (w: number): void => {
    workers[w] = spawn(process.execPath, ["--import", "tsx", WORKER, url, join(directory, `w${w}`), log, `${count}`], {
      stdio: ["pipe", "ignore", "inherit"],
      env: { ...process.env, TSX_TSCONFIG_PATH },
    });
  };
  const items = testItems(count);
  const arms = ["video", "text"];
  const run = await runId({
    responder: testResponder(() => "").id,
    generation: DEFAULT_GENERATION,
    sampling: testFrames().parameters,
  });
  try {
    const queue = await openRunQueue({ url, queue: "check", run });
    const total = await queue.enqueue({ items, arms });
    await queue.enqueue({ items, arms });
    for (let w = 0; w < workersCount; w++) startOne(w);
    let workerKills = 0;
    let redisKills = 0;
    const end = performance.now() + 20_000 * (kills + 2) + 60_000;
    await sleep(2500);
    for (;;) {
      const { completed, failed } = await queue.counts();
      if (completed + failed >= total || performance.now() > end) break;
      if (redisKills < kills && redisKills <= workerKills) {
        redis.kill("SIGKILL");
        redisKills++;
        await sleep(300);
        redis = startRedis();
      } else if (workerKills < kills) {
        const victim = workerKills % workersCount;
        workers[victim]?.kill("SIGKILL");
        workerKills++;
        await sleep(200);
        startOne(victim);
      }
      await sleep(1500);
    }
    const ended = await queue.ended();
    await queue.close();
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
    const answers = new Map<string, Set<string>>();
    for (let w = 0; w < workersCount; w++) {
      const store = await readStore(join(directory, `w${w}`));
      for (const record of store.all())
        if (record.kind === "response")
          answers.set(record.key, (answers.get(record.key) ?? new Set()).add(record.text));
      await mergeInto(merged, store);
    }
    const units = collectUnits(merged, { run, judge: createRuleJudge().id, items, arms });
    const asked = (await readFile(log, "utf8")).trim().split("\n");
    return {
      units: total,
      workerKills,
      redisKills,
      ended: ended.filter(({ outcome }) => outcome === "answered").length,
      judged: units.filter(({ outcome }) => outcome === "answered").length,
      lost: units.filter(({ outcome }) => outcome === null).length,
      asked: asked.length,
      askedTwice: asked.length - new Set(asked).size,
      storedTwice: [...answers.values()].filter(({ size }) => size > 1).length,
    };
  } finally {
    for (const worker of workers) worker?.kill("SIGKILL");
    redis.kill("SIGKILL");
    await sleep(300);
    await rm(directory, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  console.log(JSON.stringify(await queueCheck(Number(process.argv[2] ?? 400), Number(process.argv[3] ?? 10))));
