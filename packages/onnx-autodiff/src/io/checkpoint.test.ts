import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { FileFormatError } from "../errors.js";
import type { TrainableTensor } from "../tensor.js";
import { AdamW } from "../train/adamw.js";
import { latestCheckpoint, prepareCheckpointDirectory, saveStepCheckpoint } from "./checkpoint-directory-node.js";
import { loadCheckpoint, readCheckpoint, saveCheckpoint } from "./checkpoint-node.js";
import type { TensorToStore } from "./safetensors.js";
import { writeSafetensors } from "./safetensors-node.js";

const root = mkdtempSync(join(tmpdir(), "checkpoints-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const parameters = (value = 1): Map<string, TrainableTensor> =>
  new Map([["w", { data: Float32Array.of(value, 2), dims: [2], group: "all" }]]);

it("a large config and tensors of a trainer's own stay out of the header", async () => {
  const path = join(root, "large.safetensors");
  const queue = { data: Int32Array.from({ length: 1000 }, (_, i) => i), dims: [1000] };
  const config = { text: "x".repeat(2e6), unusual: "\u2028 \ud83d\ude00" };
  await saveCheckpoint(path, { parameters: parameters(), step: 3, config, tensors: new Map([["queue", queue]]) });
  const saved = await readCheckpoint(path);
  expect(saved.config).toEqual(config);
  expect(saved.tensors.get("queue")?.data).toEqual(queue.data);
  expect([saved.step, saved.optimizer, saved.rng]).toEqual([3, undefined, undefined]);
});

it("what readers would refuse is not written", async () => {
  const path = join(root, "header.safetensors");
  const write = writeSafetensors(path, new Map(), { state: "x".repeat(1e8) });
  await expect(write).rejects.toThrow(/header of 100000\d* bytes cannot be read back/);
  expect(existsSync(path)).toBe(false);
});

it.each<[string, unknown, RegExp]>([
  ["step -1", { step: -1 }, /whole number >= 0 as step of the checkpoint, found -1/],
  ["step 1e308", { step: 1e308 }, /as step/],
  ["a step of text", { step: "3" }, /as step/],
  ["no step", {}, /as step/],
  ["optimizer step 0.5", { step: 1, optimizerStep: 0.5 }, /as optimizerStep/],
  ["a generator of three words", { step: 1, rng: [1, 2, 3] }, /generator state/],
  ["a generator of text", { step: 1, rng: "seed" }, /generator state/],
  ["null", null, /expected an object/],
  ["a list", [], /expected an object/],
])("a state with %s is refused by name", async (_name, state, message) => {
  const path = join(root, "state.safetensors");
  await writeState(path, JSON.stringify(state));
  await expect(readCheckpoint(path)).rejects.toThrow(FileFormatError);
  await expect(readCheckpoint(path)).rejects.toThrow(message);
});

it("another version, weights alone, and damaged JSON are refused by name", async () => {
  const path = join(root, "other.safetensors");
  await writeState(path, "{", "onnx-autodiff-checkpoint-2");
  await expect(readCheckpoint(path)).rejects.toThrow(/not JSON/);
  await writeState(path, '{"step":1}', "onnx-autodiff-checkpoint-3");
  await expect(readCheckpoint(path)).rejects.toThrow(/found onnx-autodiff-checkpoint-3/);
  await writeSafetensors(path, new Map([["w", { data: Float32Array.of(1), dims: [1] }]]));
  await expect(readCheckpoint(path)).rejects.toThrow(/found none/);
  writeFileSync(path, "not a checkpoint");
  await expect(readCheckpoint(path)).rejects.toThrow(FileFormatError);
});

it("a checkpoint with more or other parameters, or another optimizer, changes nothing", async () => {
  const path = join(root, "more.safetensors");
  const trained = new Map([...parameters(5), ["v", { data: Float32Array.of(1), dims: [1], group: "all" }] as const]);
  await saveCheckpoint(path, { parameters: trained, optimizer: new AdamW(trained), step: 1 });
  const live = parameters();
  await expect(loadCheckpoint(path, { parameters: live })).rejects.toThrow(/has parameter v, the model does not/);
  const other = new AdamW(live);
  await expect(loadCheckpoint(path, { parameters: trained, optimizer: other })).rejects.toThrow(FileFormatError);
  expect([...(live.get("w")?.data ?? [])]).toEqual([1, 2]);
});

it("keeps the newest files, by number; finds the newest; removes what killed writers left, not what living ones write", async () => {
  const directory = join(root, "run");
  expect(await latestCheckpoint(directory)).toBeUndefined();
  await prepareCheckpointDirectory(directory);
  for (const step of [1, 2, 99_999_999, 100_000_000])
    await saveStepCheckpoint(directory, { parameters: parameters(), step }, 2);
  const names = ["step-99999999.safetensors", "step-100000000.safetensors"];
  expect(readdirSync(directory).sort()).toEqual([...names].sort());
  expect(await latestCheckpoint(directory)).toBe(join(directory, names[1] as string));

  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  const file = (pid: number, tag: string) => join(directory, `.step-00000003.safetensors.${pid}-${tag}.tmp`);
  const [killed, mine, before, foreign] = [
    file(dead, "a"),
    file(process.pid, "b"),
    file(process.pid, "c"),
    file(1, "d"),
  ];
  for (const path of [killed, mine, before, foreign]) writeFileSync(path, "half");
  writeFileSync(join(directory, ".other.safetensors.999999-a.tmp"), "of nobody here");
  const yesterday = Date.now() / 1000 - 86_400;
  utimesSync(before, yesterday, yesterday); // of an earlier process with this one's id, as in containers
  await prepareCheckpointDirectory(directory);
  expect([killed, mine, before, foreign].map((path) => existsSync(path))).toEqual([false, true, false, true]);
  expect(existsSync(join(directory, ".other.safetensors.999999-a.tmp"))).toBe(true);
});

async function writeState(path: string, json: string, format = "onnx-autodiff-checkpoint-2"): Promise<void> {
  const data = new TextEncoder().encode(json);
  const state: TensorToStore = { data, dims: [data.length], dtype: "uint8" };
  await writeSafetensors(path, new Map([["state", state]]), { format });
}
