import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  FileFormatError,
  openSafetensors,
  readSafetensors,
  type TensorToStore,
  writeShardedSafetensors,
} from "../index.js";

let directory = "";
let index = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "shards-"));
  index = join(directory, "model.safetensors.index.json");
});
afterEach(() => rmSync(directory, { recursive: true }));
const filled = (sizes: readonly number[], value: number): Map<string, TensorToStore> =>
  new Map(sizes.map((n, i) => [`t${i}`, { data: new Float32Array(n).fill(value + i), dims: [n] }]));
const files = (): string[] => readdirSync(directory).sort();

describe("writeShardedSafetensors", () => {
  it("writes the usual names and an index that names every tensor and the bytes of all", async () => {
    const paths = await writeShardedSafetensors(index, filled([4, 4, 4], 1), {
      maxShardBytes: 32,
      metadata: { format: "pt" },
    });
    expect(paths).toEqual([1, 2].map((i) => join(directory, `model-0000${i}-of-00002.safetensors`)));
    expect(JSON.parse(readFileSync(index, "utf8"))).toEqual({
      metadata: { total_size: 48 },
      weight_map: {
        t0: "model-00001-of-00002.safetensors",
        t1: "model-00001-of-00002.safetensors",
        t2: "model-00002-of-00002.safetensors",
      },
    });
    const { tensors, metadata } = await readSafetensors(directory);
    expect(metadata).toEqual({ format: "pt" });
    expect([...(tensors.get("t2")?.data ?? [])]).toEqual([3, 3, 3, 3]);
  });

  it("any tensors and limit: everything comes back, no shard above the limit holds two tensors", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(20), { maxLength: 8 }),
        fc.integer({ min: 1, max: 100 }),
        async (sizes, limit) => {
          const tensors = filled(sizes, 1);
          await writeShardedSafetensors(index, tensors, { maxShardBytes: limit });
          await using reader = await openSafetensors(index);
          expect([...reader.entries.keys()].sort()).toEqual([...tensors.keys()].sort());
          const bytes = new Map<string, number[]>();
          for (const [name, { path, byteLength }] of reader.entries) {
            expect((await reader.read(name)).data).toEqual(tensors.get(name)?.data);
            bytes.set(path, [...(bytes.get(path) ?? []), byteLength]);
          }
          for (const list of bytes.values())
            expect(list.filter((n) => n > 0).length < 2 || list.reduce((a, b) => a + b) <= limit).toBe(true);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("replaces a set as a whole and leaves no shard of the old one", async () => {
    await writeShardedSafetensors(index, filled([4, 4], 1), { maxShardBytes: 16 });
    await writeShardedSafetensors(index, filled([4, 4], 10), { maxShardBytes: 16 });
    expect(files()).toEqual([
      "model-set2-00001-of-00002.safetensors",
      "model-set2-00002-of-00002.safetensors",
      "model.safetensors.index.json",
    ]);
    expect((await readSafetensors(index)).tensors.get("t1")?.data[0]).toBe(11);
    await writeShardedSafetensors(index, filled([4], 20));
    expect(files()).toEqual(["model-00001-of-00001.safetensors", "model.safetensors.index.json"]);
  });

  it("a set that cannot be written leaves the old one and nothing else", async () => {
    await writeShardedSafetensors(index, filled([4, 4], 1), { maxShardBytes: 16 });
    const before = files();
    const bad = filled([4, 4], 10).set("bad", { data: new Float32Array(3), dims: [5] });
    await expect(writeShardedSafetensors(index, bad, { maxShardBytes: 16 })).rejects.toThrow(FileFormatError);
    expect(files()).toEqual(before);
    expect((await readSafetensors(index)).tensors.get("t0")?.data[0]).toBe(1);
  });

  it("refuses other paths and limits", async () => {
    const write = (path: string, maxShardBytes: number) =>
      writeShardedSafetensors(path, filled([1], 1), { maxShardBytes });
    await expect(write(join(directory, "model.safetensors"), 1)).rejects.toThrow("safetensors.index.json");
    await expect(write(index, 0)).rejects.toThrow("more than 0");
    await expect(write(index, Number.NaN)).rejects.toThrow("more than 0");
  });
});

describe("a damaged set is rejected", () => {
  it("when a shard is truncated anywhere, missing, or lacks a tensor of the index", async () => {
    const paths = await writeShardedSafetensors(index, filled([4, 4], 1), { maxShardBytes: 16 });
    const last = paths[1] as string;
    const good = readFileSync(last);
    for (let n = good.length - 1; n >= 0; n -= 7) {
      truncateSync(last, n);
      await expect(readSafetensors(index)).rejects.toThrow(FileFormatError);
    }
    rmSync(last);
    await expect(readSafetensors(index)).rejects.toThrow("00002-of-00002.safetensors is missing");
    writeFileSync(last, good);
    const map = JSON.parse(readFileSync(index, "utf8")) as { weight_map: Record<string, string> };
    map.weight_map.t9 = map.weight_map.t0 as string;
    writeFileSync(index, JSON.stringify(map));
    await expect(readSafetensors(index)).rejects.toThrow("t9");
  });
});

it("a process killed between shards leaves the old set whole, and the next write clears what it left", {
  timeout: 60_000,
}, async () => {
  await writeShardedSafetensors(index, filled([1e6, 1e6, 1e6, 1e6], 0), { maxShardBytes: 4e6 });
  const script = join(directory, "write.mts");
  const source = new URL("./sharded-safetensors-node.ts", import.meta.url).href;
  // Halts for ever when the third new shard is asked for: two are on disk, and the index is still the old one.
  writeFileSync(
    script,
    `import { writeShardedSafetensors } from ${JSON.stringify(source)};
     const tensor = (i) => ({ data: new Float32Array(1e6).fill(100 + i), dims: [1e6] });
     const tensors = new Map([0, 1, 2, 3].map((i) => ["t" + i, tensor(i)]));
     const third = tensors.get("t2");
     let reads = 0;
     Object.defineProperty(third, "dims", { get() { if (++reads === 1) { console.log("between"); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); } return [1e6]; } });
     await writeShardedSafetensors(${JSON.stringify(index)}, tensors, { maxShardBytes: 4e6 });`,
  );
  const child = spawn(process.execPath, ["--import", "tsx", script], {
    stdio: ["ignore", "pipe", "inherit"],
    cwd: join(import.meta.dirname, "../.."),
  });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
  expect(files().filter((name) => name.includes("-set2-")).length).toBe(2);
  const { tensors } = await readSafetensors(index);
  expect([0, 1, 2, 3].map((i) => tensors.get(`t${i}`)?.data[0])).toEqual([0, 1, 2, 3]);
  await writeShardedSafetensors(index, filled([4], 7));
  expect(files().filter((name) => /\.safetensors$/.test(name))).toEqual(["model-00001-of-00001.safetensors"]);
});
