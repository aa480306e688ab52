import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { runCommand, writeRun } from "../../test/run-command.js";
import { type SmallDisk, smallDisk } from "../../test/small-disk.js";

/** Two stages of two steps. */
const RUN = `
preset: lora-cpu
out: run
model: { source: model, precision: float32, lora: { rank: 2, alpha: 4 } }
data:
  vst: { file: sft.jsonl, mediaRoot: media }
frames: { fps: 1, maxFrames: 2 }
saveSteps: 1
stages:
  - { stage: 1, batchSize: 4, maxSteps: 2 }
  - { stage: 2, batchSize: 4, maxSteps: 2 }
evaluation: { items: held-out.jsonl, root: media, limit: 2, arms: [video], baselines: false, generation: { maxNewTokens: 4 } }
`;
let folder: string;
let file: string;
let disk: SmallDisk | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "surroundings-"));
  vi.stubEnv("VIDEOSAFETY_CACHE", join(folder, "cache"));
  file = await writeRun(folder, RUN);
}, 300_000);
afterEach(() => disk?.free());
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function videosafety(...args: string[]) {
  const { code, err } = await runCommand(args);
  return { code, last: err.trim().split("\n").at(-1) ?? "", err };
}
const train = (out: string, ...args: string[]) => videosafety("train", file, "--out", join(folder, out), ...args);
/** Bytes of the files of a folder: a run writes them all, and more. */
async function bytesBelow(name: string): Promise<number> {
  const entries = await readdir(join(folder, name), { recursive: true, withFileTypes: true });
  const sizes = entries.flatMap((entry) => (entry.isFile() ? [stat(join(entry.parentPath, entry.name))] : []));
  return (await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0);
}
const adapter = (out: string, stage: string) =>
  readFile(join(folder, out, "models", stage, "adapter_model.safetensors"));

test("a disk that fills up at any point ends the run in one line; what was saved stays, and it goes on with the same bits", async () => {
  expect((await train("whole")).code).toBe(0);
  const least = (await bytesBelow("whole/checkpoints")) + (await bytesBelow("whole/models"));
  expect(least).toBeGreaterThan(50_000);
  for (const [i, share] of [0.01, 0.2, 0.6, 0.95].entries()) {
    const out = `full-${i}`;
    disk = await smallDisk(folder, Math.floor(share * least));
    const { code, last, err } = await train(out, "--resume");
    disk.free();
    expect([code, last]).toEqual([
      1,
      expect.stringMatching(/^videosafety train: .*no space left on the disk; free some, .*--resume.*\[disk-full\]$/),
    ]);
    expect(err.match(/videosafety train:/g)).toHaveLength(1);
    expect((await train(out, "--resume")).code).toBe(0);
    for (const stage of ["stage-1", "stage-2"])
      expect((await adapter(out, stage)).equals(await adapter("whole", stage))).toBe(true);
  }
}, 600_000);

test("a disk that is too small for the checkpoints is told before the first step, by what the run will write", async () => {
  const never = ["--set", "saveTotalLimit=null", "--set", "stages.stage-2.maxSteps=null"];
  const { code, last } = await train("small", ...never, "--set", "stages.stage-2.numTrainEpochs=1e12");
  expect([code, last]).toEqual([
    1,
    expect.stringMatching(/expected about \d+\.\d GB free for checkpoints and models, found .*\[disk-full\]$/),
  ]);
  await expect(stat(join(folder, "small"))).rejects.toThrow();
}, 60_000);

test("without a decoder nothing is trained, and the line says what to install", async () => {
  const cli = fileURLToPath(new URL("../../test/without-decoders.mjs", import.meta.url));
  const empty = join(folder, "empty");
  await mkdir(empty);
  const args = [cli, "train", file, "--out", join(folder, "blind")];
  const env = { ...process.env, PATH: empty, Path: empty, FFMPEG_BIN: "" };
  const failed = await promisify(execFile)(process.execPath, args, { env }).catch((error) => error);
  expect([failed.code, failed.stdout]).toEqual([1, ""]);
  expect(failed.stderr).toMatch(
    /^videosafety train: expected node-av or ffmpeg .*npm install node-av.* \[no-decoder\]\n$/,
  );
  await expect(stat(join(folder, "blind"))).rejects.toThrow();
}, 300_000);

test("a provider whose device is not there is told before the first step", async () => {
  const absent = process.platform === "darwin" ? "cuda" : "coreml";
  const { code, last } = await train("absent", "--set", `model.providers=[${absent}, cpu]`);
  expect([code, last]).toEqual([1, expect.stringMatching(new RegExp(`${absent}.*\\[provider-absent\\]$`))]);
  await expect(stat(join(folder, "absent"))).rejects.toThrow();
}, 60_000);

test("checkpoints and models of another run are not gone on with", async () => {
  expect((await train("other", "--seed", "7")).code).toBe(0);
  const [mine, theirs] = [(name: string) => join(folder, "mine", name), (name: string) => join(folder, "other", name)];
  await cp(join(folder, "whole"), mine(""), { recursive: true });
  const record = JSON.parse(await readFile(mine("run.json"), "utf8"));
  const { "stage-1": completed } = record.completed;
  await writeFile(mine("run.json"), JSON.stringify({ ...record, completed: { "stage-1": completed } }));
  // A finished stage's model, exchanged: stage 2 does not begin from it, and it is not evaluated.
  await rm(mine("models"), { recursive: true });
  await cp(theirs("models"), mine("models"), { recursive: true });
  for (const args of [
    ["train", file, "--out", mine(""), "--resume"],
    ["evaluate", mine("")],
  ]) {
    const { code, last } = await videosafety(...args);
    expect([code, last]).toEqual([
      1,
      expect.stringMatching(/models.stage-1: expected the model that this run made .*\[run-differs\]$/),
    ]);
  }
  // Checkpoints of a stage under way, exchanged.
  await mkdir(join(folder, "theirs", "checkpoints"), { recursive: true });
  await cp(theirs("checkpoints/stage-1"), join(folder, "theirs", "checkpoints", "stage-1"), { recursive: true });
  const { code, last } = await train("theirs", "--resume");
  expect([code, last]).toEqual([1, expect.stringMatching(/\[checkpoint-mismatch\]$/)]);
}, 300_000);
