import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answerChat, picture, startUpstream, TOKEN } from "../../test/guard-fixtures.js";
import { runCommand } from "../../test/run-command.js";
import { writeTinyCheckpoint, writeTinyItems } from "../../test/tiny-checkpoint.js";
import { readGuardFile } from "./file/guard-file-node.js";
import { openDriftWatch } from "./proxy/drift-watch-node.js";

let folder: string;
let checkpoint: string;
let items: string;
let guard: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "guard-command-"));
  process.env.VIDEOSAFETY_CACHE = join(folder, "cache");
  checkpoint = join(folder, "model");
  guard = join(folder, "guard.json");
  await writeTinyCheckpoint(checkpoint);
  items = await writeTinyItems(folder, { safe: 24, harmful: 8 });
}, 60_000);
afterAll(async () => {
  delete process.env.VIDEOSAFETY_CACHE;
  await rm(folder, { recursive: true });
});

const said = (args: string[], signal?: AbortSignal) => runCommand(["guard", ...args], signal);
const calibrate = (...more: string[]) =>
  said([
    "calibrate",
    "--checkpoint",
    checkpoint,
    "--items",
    items,
    "--media-root",
    folder,
    "--out",
    guard,
    "--target-frr",
    "0.1",
    "--confidence",
    "0.9",
    ...more,
  ]);

describe("guard calibrate", () => {
  it("refuses before anything is read: too few items for the promise, parts not named, wrong numbers", async () => {
    const few = await calibrate("--target-frr", "0.001");
    expect([few.code, few.out]).toEqual([1, ""]);
    expect(few.err).toMatch(
      /expected at least \d+ items that should be answered.*found 24; add items or ask for a higher rate \[labels-missing\]/,
    );
    const mixed = join(folder, "mixed.jsonl");
    await writeFile(
      mixed,
      `${await readFile(items, "utf8")}${(await readFile(items, "utf8")).split("\n")[0]?.replace('"calibration"', '"train"').replace("item-0", "item-x")}\n`,
    );
    const parts = await said(["calibrate", "--checkpoint", checkpoint, "--items", mixed, "--out", guard]);
    expect(parts.err).toMatch(/found calibration, train; name the one that the model was not trained on with --split/);
    expect((await calibrate("--target-frr", "2")).code).toBe(2);
    expect((await said(["calibrate"])).code).toBe(2);
    await expect(stat(`${guard}.readings.jsonl`)).rejects.toThrow();
  });

  it("goes on after it was stopped, and writes a guard with where it comes from", async () => {
    const controller = new AbortController();
    const stopping = said(
      [
        "calibrate",
        "--checkpoint",
        checkpoint,
        "--items",
        items,
        "--media-root",
        folder,
        "--out",
        guard,
        "--target-frr",
        "0.1",
        "--confidence",
        "0.9",
      ],
      controller.signal,
    );
    await expect
      .poll(async () => (await readFile(`${guard}.readings.jsonl`, "utf8").catch(() => "")).split("\n").length, {
        timeout: 30_000,
        interval: 5,
      })
      .toBeGreaterThan(5);
    controller.abort(new Error("interrupted"));
    expect((await stopping).code).toBe(130);
    const before = (await readFile(`${guard}.readings.jsonl`, "utf8")).trim().split("\n");
    // A line torn by kill -9.
    await writeFile(`${guard}.readings.jsonl`, `${before.join("\n")}\n{"id":"item-9`);
    const done = await calibrate();
    expect([done.code, done.err.split("\n").at(-2)]).toEqual([0, "32 of 32 items"]);
    const lines = (await readFile(`${guard}.readings.jsonl`, "utf8")).trim().split("\n");
    expect(lines.slice(0, before.length)).toEqual(before);
    expect(lines).toHaveLength(33);
    const file = JSON.parse(await readFile(guard, "utf8"));
    expect(file.provenance.data).toMatchObject({ items: 32, safe: 24, harmful: 8, textOnly: 3, split: null });
    expect(file.provenance.data.videos + file.provenance.data.pictures).toBe(29);
    expect(JSON.parse(done.out).promise).toMatch(/^At most 10 % of safe inputs like the 24 calibration samples/);
    const other = await calibrate("--max-frames", "1");
    expect(other.err).toMatch(/expected the readings of this checkpoint, these items and this plan, found others/);
  }, 60_000);
});

describe("guard assess", () => {
  it("says of each item what the calibration promises, and of each failure why; exit 1 then", async () => {
    const lines = (await readFile(items, "utf8")).trim().split("\n");
    const some = join(folder, "some.jsonl");
    await writeFile(some, `${lines.slice(0, 3).join("\n")}\n{"id":"gone","query":"q","video":"gone.mp4"}\n`);
    const all = await said([
      "assess",
      some,
      "--checkpoint",
      checkpoint,
      "--calibration",
      guard,
      "--media-root",
      folder,
    ]);
    const rows = all.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(all.code).toBe(1);
    expect(rows.map(({ id }) => id)).toEqual(["item-0", "item-1", "item-2", "gone"]);
    expect(rows[3].error.code).toBe("NOT_FOUND");
    const reading = JSON.parse((await readFile(`${guard}.readings.jsonl`, "utf8")).split("\n")[1] as string);
    const { temperatures } = JSON.parse(await readFile(guard, "utf8")).calibration;
    expect(rows[0].score).toBeCloseTo(reading.textual / temperatures.textual, 6);
    const one = await said([
      "assess",
      "--query",
      "what?",
      "--video",
      join(folder, "picture-1.png"),
      "--checkpoint",
      checkpoint,
      "--calibration",
      guard,
    ]);
    expect([one.code, JSON.parse(one.out).id]).toEqual([0, 0]);
    expect((await said(["assess", "--checkpoint", checkpoint, "--calibration", guard])).code).toBe(2);
  }, 60_000);

  it("says nothing of a video with a frame that does not decode", async () => {
    const file = await readGuardFile(guard);
    const closer = join(folder, "closer.json");
    const plan = { type: "uniform", frameCount: 16 };
    await writeFile(closer, JSON.stringify({ ...file, provenance: { ...file.provenance, plan } }));
    const video = fileURLToPath(new URL("../../../video-sampler/test/fixtures/damaged.mpeg4.mp4", import.meta.url));
    const common = ["--checkpoint", checkpoint, "--calibration", closer];
    const { code, out } = await said(["assess", "--query", "what?", "--video", video, ...common]);
    expect([code, JSON.parse(out).error]).toEqual([
      1,
      { code: "invalid-input", message: expect.stringContaining("without damage") },
    ]);
  }, 60_000);

  it("does not use a guard with another checkpoint", async () => {
    const other = join(folder, "other-model");
    await writeTinyCheckpoint(other, 2);
    const wrong = await said(["assess", "--query", "q", "--checkpoint", other, "--calibration", guard]);
    expect([wrong.code, wrong.err]).toEqual([
      1,
      expect.stringMatching(/expected the checkpoint that the guard was calibrated with/),
    ]);
  }, 60_000);
});

describe("guard serve", () => {
  const cli = fileURLToPath(new URL("../cli-node.ts", import.meta.url));
  const tsconfig = fileURLToPath(new URL("../../../../tsconfig.json", import.meta.url));
  const children: ChildProcess[] = [];
  afterAll(() => {
    for (const child of children) child.kill("SIGKILL");
  });
  async function serve(upstream: string, ...more: string[]) {
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
        guard,
        "--upstream",
        upstream,
        "--on-failure",
        "closed",
        "--port",
        "0",
        "--no-isolate",
        "--log-level",
        "warn",
        ...more,
      ],
      {
        stdio: ["ignore", "pipe", "inherit"],
        env: { ...process.env, TSX_TSCONFIG_PATH: tsconfig, VIDEOSAFETY_GUARD_TOKEN: TOKEN },
      },
    );
    children.push(child);
    const [line] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
    const { baseUrl, enginePid } = JSON.parse(line.toString()) as { baseUrl: string; enginePid: number };
    const headers = { "content-type": "application/json", authorization: `Bearer ${TOKEN}` };
    const chat = (text: string) =>
      fetch(`${baseUrl}/chat/completions`, {
        method: "POST",
        headers,
        body: JSON.stringify({
          model: "m",
          messages: [{ role: "user", content: [{ type: "text", text }, picture(9)] }],
        }),
      });
    const guardSays = async () =>
      (await (await fetch(`${baseUrl}/guard`, { headers })).json()) as { ready: boolean; drift: { observed: number } };
    const metrics = async () => (await fetch(new URL("/metrics", baseUrl), { headers })).text();
    return { child, enginePid, chat, guardSays, metrics };
  }

  it("outlives kill -9 of its model; killed itself, it leaves a drift test that goes on", async () => {
    expect(
      (await said(["serve", "--checkpoint", checkpoint, "--calibration", guard, "--upstream", "http://x/v1"])).code,
    ).toBe(2);
    const upstream = await startUpstream(answerChat);
    const state = join(folder, "state.json");
    const first = await serve(upstream.baseUrl, "--state-file", state, "--state-interval", "20");
    for (let i = 0; i < 3; i++) expect((await first.chat(`what happens here ${i}?`)).status).toBe(200);
    // More tokens than the model has positions: the request's fault, not the guard's.
    expect((await first.chat("what happens here? ".repeat(200))).status).toBe(400);
    process.kill(first.enginePid, "SIGKILL");
    const between = await first.chat("what happens here now?");
    expect([200, 503]).toContain(between.status);
    // The proxy may not have noticed yet: `ready` alone says nothing right after the kill.
    await expect.poll(async () => (await first.chat("what happens here again?")).status, { timeout: 60_000 }).toBe(200);
    expect((await first.guardSays()).ready).toBe(true);
    expect(await first.metrics()).toMatch(/^safety_guard_restarts_total 1$/m);
    await expect.poll(() => stat(state).catch(() => null), { timeout: 10_000 }).not.toBeNull();
    const { observed } = (await first.guardSays()).drift;
    const gone = once(first.child, "exit");
    first.child.kill("SIGKILL");
    await gone;
    const file = await readGuardFile(guard);
    const settings = { driftFalseAlarmRate: 0.01, driftMaximumScores: 100_000, stateFile: state };
    const resumed = await openDriftWatch(file.calibration.safeScores ?? [], settings);
    expect(resumed.reading().observed).toBeGreaterThan(0);
    expect(resumed.reading().observed).toBeLessThanOrEqual(observed);
    await expect(openDriftWatch([...(file.calibration.safeScores ?? []), 1], settings)).rejects.toThrow(
      /of this calibration/,
    );
    await upstream.close();
  }, 120_000);
});
