import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { runCommand, writeRun } from "../../test/run-command.js";

const cli = fileURLToPath(new URL("../../test/cli-from-source.mjs", import.meta.url));
const program = process.argv[1] as string;
let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sweep-command-"));
  vi.stubEnv("VIDEOSAFETY_CACHE", join(folder, "cache"));
  file = await writeRun(folder, RUN);
  process.argv[1] = cli; // what a sweep starts again for every point
}, 120_000);
afterAll(async () => {
  process.argv[1] = program;
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, maxRetries: 5 });
});

/** Two steps of one stage, and two questions: a few seconds per point. */
const RUN = `
preset: lora-cpu
out: run
model: { source: model, precision: float32, lora: { rank: 2, alpha: 4 } }
data:
  vst: { file: sft.jsonl, mediaRoot: media }
frames: { fps: 1, maxFrames: 2 }
stages:
  - { stage: 1, batchSize: 2, maxSteps: 2 }
evaluation:
  items: held-out.jsonl
  root: media
  arms: [video]
  limit: 4
  baselines: false
  generation: { maxNewTokens: 4 }
`;

async function sweep(...args: string[]) {
  const { code, out } = await runCommand(["sweep", file, ...args]);
  return { code, said: out };
}
const pointsOf = async (out: string) => JSON.parse(await readFile(join(out, "sweep.json"), "utf8")).points;

test("a grid that was killed goes on: what is complete is kept, a point that fails keeps the others, a gate that does not hold keeps its numbers", async () => {
  const out = join(folder, "grid");
  // At most 20 tokens are too few for any record: that point cannot train. No answer reaches a rate above 1.
  const args = ["--over", "maxLength=400,20", "--set", "evaluation.gates=[frr<0]", "--out", out];
  const first = spawn(process.execPath, [cli, "sweep", file, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let told = "";
  first.stderr.on("data", (text: Buffer) => {
    told += text;
    if (told.includes("point-0001: ")) first.kill("SIGKILL");
  });
  await once(first, "close");
  expect(told).toMatch(/1\/2 point-0001: a gate does not hold/);
  const [kept] = await pointsOf(out);
  const model = join(out, "point-0001", "models", "stage-1", "adapter_model.safetensors");
  const { mtimeMs } = await stat(model);

  const { code, said } = await sweep(...args);
  expect(code).toBe(1);
  const points = await pointsOf(out);
  expect(points[0]).toEqual(kept);
  expect(points[0]).toMatchObject({ checkpoint: "stage-1", problem: "a gate does not hold" });
  expect(points[0].rates.frr).toBeTypeOf("number");
  expect((await stat(model)).mtimeMs).toBe(mtimeMs);
  expect(points[1]).toMatchObject({ settings: { maxLength: "20" }, checkpoint: null, rates: null });
  expect(points[1].problem).toMatch(/expected at most 20 tokens.*\[invalid-record\]$/);
  expect(said).toMatch(/point-0002 {2}maxLength=20 {2}HH - {2}SH - {2}FRR - {2}videosafety train: /);
  expect(await readFile(join(out, "sweep.html"), "utf8")).toContain("a gate does not hold");
}, 600_000);

test("a Sobol draw lists its points, and runs them side by side", async () => {
  const out = join(folder, "draw");
  const args = ["--sobol", "2", "--over", "stages.stage-1.learningRates.alarmTokens=0.0001..0.01:log", "--out", out];
  expect(await sweep(...args, "--dry-run")).toEqual({
    code: 0,
    said: "point-0001: stages.stage-1.learningRates.alarmTokens=0.0001\npoint-0002: stages.stage-1.learningRates.alarmTokens=0.001\n",
  });
  expect((await sweep(...args, "--jobs", "2")).code).toBe(0);
  const points = await pointsOf(out);
  expect(points.map(({ problem }: { problem: unknown }) => problem)).toEqual([null, null]);
  const weights = (name: string) => readFile(join(out, name, "models", "stage-1", "adapter_model.safetensors"));
  expect((await weights("point-0001")).equals(await weights("point-0002"))).toBe(false);
}, 600_000);

test("a run ends with the sweep that started it, at a checkpoint's distance from its end", async () => {
  const args = ["train", file, "--out", join(folder, "long"), "--set", "stages.stage-1.maxSteps=null"];
  args.push("--set", "stages.stage-1.numTrainEpochs=10000", "--json");
  const run = fork(cli, args, { stdio: ["ignore", "pipe", "pipe", "ipc"], execArgv: [] });
  let told = "";
  run.stderr?.on("data", (text: Buffer) => {
    told += text;
  });
  run.stdout?.on("data", (text: Buffer) => {
    if (run.connected && `${text}`.includes('"type":"step"')) run.disconnect();
  });
  const [code] = await once(run, "exit");
  expect([code, told]).toEqual([130, expect.stringMatching(/the sweep that started this run is gone/)]);
}, 120_000);
