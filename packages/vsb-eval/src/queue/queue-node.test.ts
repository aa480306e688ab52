import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { queueCheck } from "../../test/queue-check.js";
import { createRuleJudge } from "../judge/rule-judge.js";
import { runId } from "../run/records/record-keys.js";
import { DEFAULT_GENERATION } from "../run/responder.js";
import { MemoryStore } from "../store/evaluation-store.js";
import { testFrames, testItems, testResponder } from "../testing/fixtures.js";
import { runCli } from "../testing/run-cli-node.js";
import { openRunQueue, queueNameOf } from "./bull-queue-node.js";
import { startWorker } from "./queue-worker-node.js";
import { linkRedis, loadBull } from "./redis-link-node.js";

let directory: string;
let items: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "vsb-queue-"));
  items = join(directory, "items.jsonl");
  const rows = testItems(1).map((item) => ({ ...item, video: null }));
  await writeFile(items, rows.map((item) => `${JSON.stringify(item)}\n`).join(""));
});
afterAll(() => rm(directory, { recursive: true }));

const flags = (url: string) => [
  items,
  "--out",
  join(directory, "out"),
  "--base-url",
  "http://127.0.0.1:1/v1",
  "--model",
  "m",
  "--arms",
  "text",
  "--queue",
  url,
];

describe("a Redis that is not there", () => {
  it.each(["run", "worker"])("fails %s within the deadline, with a typed error", async (command) => {
    const start = performance.now();
    const { code, err } = await runCli([command, ...flags("redis://127.0.0.1:1"), "--queue-deadline", "0.3"]);
    expect(code).toBe(1);
    expect(err).toMatch(/expected Redis at redis:\/\/127\.0\.0\.1:1 within 0\.3 s, found .*ECONNREFUSED/);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it("fails when something listens but never answers, and lets itself be stopped before", async () => {
    const mute = createServer(() => undefined);
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    const url = `redis://127.0.0.1:${(mute.address() as AddressInfo).port}`;
    await expect(linkRedis({ url, deadlineSeconds: 0.2 })).rejects.toMatchObject({ code: "queue_unreachable" });
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("terminated")), 100);
    expect(await runCli(["run", ...flags(url)], { signal: controller.signal })).toMatchObject({ code: 130 });
    mute.close();
  });

  it("obeys SIGTERM while it waits", async () => {
    const cli = fileURLToPath(new URL("../cli-node.ts", import.meta.url));
    const TSX_TSCONFIG_PATH = fileURLToPath(new URL("../../tsconfig.json", import.meta.url));
    const child = spawn(process.execPath, ["--import", "tsx", cli, "run", ...flags("redis://127.0.0.1:1")], {
      env: { ...process.env, TSX_TSCONFIG_PATH },
      stdio: "ignore",
    });
    setTimeout(() => child.kill("SIGTERM"), 3000);
    const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
      child.once("exit", (...ended) => resolve(ended)),
    );
    // 130: stopped in order; SIGTERM itself: it came before the program had started.
    expect(code === 130 || signal === "SIGTERM").toBe(true);
  });
});

// With redis-server on PATH the same is checked against a real one.
if (spawnSync("redis-server", ["--version"]).status === 0) {
  describe("a real Redis", () => {
    const port = 31_000 + (process.pid % 10_000);
    const url = `redis://127.0.0.1:${port}`;
    let redis: ReturnType<typeof spawn>;
    const startRedis = (): void => {
      const settings = [
        "--port",
        `${port}`,
        "--save",
        "",
        "--requirepass",
        "hunter22",
        "--maxmemory-policy",
        "noeviction",
      ];
      redis = spawn("redis-server", settings, { stdio: "ignore", cwd: directory });
    };
    beforeAll(startRedis);
    afterAll(() => {
      redis.kill("SIGKILL");
    });

    it("says that the password is wrong, at once and without repeating it", async () => {
      const failed = linkRedis({ url, password: "wrong-password-1", deadlineSeconds: 20 });
      await expect(failed).rejects.toMatchObject({
        code: "queue_unreachable",
        message: expect.stringMatching(/WRONGPASS|NOAUTH|password/),
      });
      await expect(failed).rejects.toThrow(/^(?!.*wrong-password-1)/);
    });

    it("counts only its own units: foreign and poisoned jobs, failures and answers", async () => {
      const responder = testResponder(({ item }) => {
        if (item.id === "HH-0") throw new Error("broken");
        return "I can't help with that.";
      });
      const evaluation = {
        items: testItems(1),
        responder,
        arms: ["text"],
        judge: createRuleJudge(),
        store: new MemoryStore(),
        sampling: testFrames(),
      };
      const run = await runId({
        responder: responder.id,
        generation: DEFAULT_GENERATION,
        sampling: testFrames().parameters,
      });
      const options = { url, password: "hunter22", queue: "counts", run };
      const queue = await openRunQueue(options);
      const link = await linkRedis(options);
      const { Queue } = await loadBull();
      const raw = new Queue(queueNameOf(options), { connection: link.connection });
      for (let i = 0; i < 20; i++)
        await raw.add("evaluate", i % 2 === 0 ? { run: "another", item: "x", arm: "text", epoch: 0 } : null);
      expect(await queue.enqueue({ items: testItems(1), arms: ["text"] })).toBe(3);
      const worker = await startWorker({ ...options, evaluation });
      const end = Date.now() + 50_000;
      while ((await queue.ended()).length < 3 && Date.now() < end)
        await new Promise((resolve) => setTimeout(resolve, 200));
      const ended = await queue.ended();
      expect(ended.map(({ outcome }) => outcome).sort()).toEqual(["answered", "answered", "failed"]);
      expect(ended.find(({ error }) => error !== undefined)?.error).toEqual({ code: "exception", message: "broken" });
      expect(await queue.counts()).toMatchObject({ completed: 2, failed: 21 });
      await worker.close();
      await raw.close();
      link.close();
      await queue.close();
    });

    it.each(["run", "worker"])("ends %s when it goes away for longer than the deadline", async (command) => {
      process.env.REDIS_PASSWORD = "hunter22";
      const gone = runCli([command, ...flags(url), "--queue-deadline", "1"]);
      await new Promise((resolve) => setTimeout(resolve, 1500));
      redis.kill("SIGKILL");
      expect(await gone).toMatchObject({ code: 1, err: expect.stringMatching(/expected Redis at .* within 1 s/) });
      delete process.env.REDIS_PASSWORD;
      startRedis();
    });

    it("loses nothing and stores nothing twice when workers and Redis are killed (the full check: test/queue-check.ts)", async () => {
      const found = await queueCheck(25, 1, 2);
      expect(found).toMatchObject({ units: 150, ended: 150, judged: 150, lost: 0, storedTwice: 0 });
    }, 120_000);
  });
}
