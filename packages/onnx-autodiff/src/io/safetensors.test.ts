import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import {
  bfloat16ToFloat32,
  encodeSafetensors,
  FileFormatError,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
  openSafetensors,
  parseSafetensors,
  readSafetensors,
  type TensorToStore,
  toFloat32,
  writeSafetensors,
  writeShardedSafetensors,
} from "../index.js";

const directory = mkdtempSync(join(tmpdir(), "safetensors-"));
afterAll(() => rmSync(directory, { recursive: true }));
const join8 = (chunks: Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(chunks));
const file = (header: unknown, data = new Uint8Array(0), length?: number): Uint8Array => {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const prefix = new Uint8Array(8);
  new DataView(prefix.buffer).setBigUint64(0, BigInt(length ?? json.length), true);
  return join8([prefix, json, data]);
};

describe("round trips", () => {
  it("keep every dtype, name, shape and metadata", async () => {
    const tensors = new Map<string, TensorToStore>([
      ["b", { data: Uint8Array.of(1, 0, 1), dims: [3], dtype: "bool" }],
      ["f32", { data: Float32Array.of(1.5, Number.NaN, -0), dims: [3, 1] }],
      ["f64", { data: Float64Array.of(Math.PI), dims: [] }],
      ["i64", { data: BigInt64Array.of(-(2n ** 60n)), dims: [1] }],
      ["i32", { data: Int32Array.of(-5, 6), dims: [2] }],
      ["i8", { data: Int8Array.of(-5), dims: [1] }],
      ["h", { data: float32ToFloat16(Float32Array.of(0.5, 2)), dims: [2], dtype: "float16" }],
      ["bf", { data: float32ToBfloat16(Float32Array.of(3)), dims: [1], dtype: "bfloat16" }],
      ["empty", { data: new Float32Array(0), dims: [0, 4] }],
    ]);
    const path = join(directory, "all.safetensors");
    await writeSafetensors(path, tensors, { step: "7" });
    const { tensors: read, metadata } = await readSafetensors(path);
    expect(metadata).toEqual({ step: "7" });
    expect([...read.keys()].sort()).toEqual([...tensors.keys()].sort());
    for (const [name, { data, dims }] of tensors) {
      expect(read.get(name)?.dims).toEqual(dims);
      expect(read.get(name)?.data).toEqual(data);
    }
    expect([...toFloat32(read.get("h") as never)]).toEqual([0.5, 2]);
    const inMemory = parseSafetensors(Uint8Array.from(readFileSync(path)));
    expect(inMemory.tensors.get("i64")?.data).toEqual(BigInt64Array.of(-(2n ** 60n)));
  });

  it("read shards through an index, and single tensors lazily", async () => {
    await writeSafetensors(
      join(directory, "s-1.safetensors"),
      new Map([["a", { data: Float32Array.of(1, 2), dims: [2] }]]),
    );
    await writeSafetensors(
      join(directory, "s-2.safetensors"),
      new Map([["b", { data: Float32Array.of(3), dims: [1] }]]),
    );
    const index = join(directory, "s.safetensors.index.json");
    writeFileSync(index, JSON.stringify({ weight_map: { a: "s-1.safetensors", b: "s-2.safetensors" } }));
    await using reader = await openSafetensors(index);
    expect([...reader.entries.keys()]).toEqual(["a", "b"]);
    expect([...(await reader.read("b")).data]).toEqual([3]);
    await expect(reader.read("c")).rejects.toThrow("no tensor c");
    // Of a directory with both, the whole file counts, as in transformers: the index is of an older save.
    const both = join(directory, "both");
    mkdirSync(both);
    const one = new Map([["a", { data: Float32Array.of(7, 8), dims: [2] }]]);
    await writeShardedSafetensors(join(both, "model.safetensors.index.json"), one);
    await writeSafetensors(join(both, "model.safetensors"), new Map([["b", { data: Float32Array.of(9), dims: [1] }]]));
    await using whole = await openSafetensors(both);
    expect([...whole.entries.keys()]).toEqual(["b"]);
    writeFileSync(index, JSON.stringify({ weight_map: { a: "../secret.safetensors" } }));
    await expect(openSafetensors(index)).rejects.toThrow("must be a file name in the same directory");
  });
});

describe("hostile and damaged files are rejected before anything large is allocated", () => {
  const entry = (dtype: string, shape: number[], range: number[]) => ({ x: { dtype, shape, data_offsets: range } });
  const cases: [string, Uint8Array, string][] = [
    ["an empty file", new Uint8Array(0), "truncated"],
    ["a huge header", file("{}", new Uint8Array(0), 2 ** 50), "does not fit"],
    ["a header that is not JSON", file("{nope}"), "not JSON"],
    ["a header that is a list", file("[]"), "not an object"],
    ["an unknown dtype", file(entry("F8_E4M3", [1], [0, 1]), new Uint8Array(1)), "not supported"],
    ["a dtype from the prototype chain", file(entry("constructor", [1], [0, 1]), new Uint8Array(1)), "not supported"],
    ["a negative dimension", file(entry("F32", [-1], [0, 4]), new Uint8Array(4)), "bad shape"],
    ["a size that overflows", file(entry("F32", [2 ** 40, 2 ** 40], [0, 4]), new Uint8Array(4)), "needs"],
    ["data past the end", file(entry("F32", [1000], [0, 4000]), new Uint8Array(8)), "truncated"],
    ["offsets that do not match the shape", file(entry("F32", [2], [0, 4]), new Uint8Array(8)), "span 4"],
    [
      "overlapping tensors",
      file({ ...entry("F32", [2], [0, 8]), y: { dtype: "F32", shape: [1], data_offsets: [4, 8] } }, new Uint8Array(8)),
      "overlaps",
    ],
    ["metadata that is not text", file({ __metadata__: { a: 1 } }), "strings"],
  ];
  for (const [name, bytes, message] of cases) {
    it(name, async () => {
      expect(() => parseSafetensors(bytes)).toThrow(FileFormatError);
      expect(() => parseSafetensors(bytes)).toThrow(message);
      const path = join(directory, "bad.safetensors");
      writeFileSync(path, bytes);
      await expect(readSafetensors(path)).rejects.toThrow(FileFormatError);
    });
  }

  it("any truncation of a good file", () => {
    const good = join8(encodeSafetensors(new Map([["a", { data: Float32Array.of(1, 2, 3), dims: [3] }]])));
    for (let n = 0; n < good.length; n++) expect(() => parseSafetensors(good.slice(0, n))).toThrow(FileFormatError);
  });

  it("any damage gives a FileFormatError or a well-formed result", () => {
    const good = join8(encodeSafetensors(new Map([["a", { data: Float32Array.of(1, 2, 3), dims: [3] }]]), { k: "v" }));
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, value) => {
        const bytes = good.slice();
        bytes[at] = value;
        try {
          for (const t of parseSafetensors(bytes).tensors.values())
            expect(t.data.length).toBe(t.dims.reduce((a, b) => a * b, 1));
        } catch (error) {
          expect(error).toBeInstanceOf(FileFormatError);
        }
      }),
    );
  });
});

describe("16-bit floats", () => {
  it("are exact in both directions for every bit pattern", () => {
    const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
    for (const [decode, encode] of [
      [float16ToFloat32, float32ToFloat16],
      [bfloat16ToFloat32, float32ToBfloat16],
    ] as const) {
      const values = decode(all);
      const back = encode(values);
      for (let i = 0; i < all.length; i++) if (!Number.isNaN(values[i])) expect(back[i]).toBe(all[i]);
    }
  });

  it("round to nearest even and overflow to infinity", () => {
    expect([
      ...float16ToFloat32(
        float32ToFloat16(Float32Array.of(2049, 2051, 65519, 65520, 2 ** -25, 3 * 2 ** -25, Number.NaN)),
      ),
    ]).toEqual([2048, 2052, 65504, Number.POSITIVE_INFINITY, 0, 2 ** -23, Number.NaN]);
    expect([...bfloat16ToFloat32(float32ToBfloat16(Float32Array.of(257, 259, Number.NaN)))]).toEqual([
      256,
      260,
      Number.NaN,
    ]);
  });
});

it("a process killed while it writes leaves the old file whole", { timeout: 60_000 }, async () => {
  const path = join(directory, "killed.safetensors");
  await writeSafetensors(path, new Map([["v", { data: Float32Array.of(1), dims: [1] }]]));
  const script = join(directory, "write.mts");
  const source = new URL("./safetensors-node.ts", import.meta.url).href;
  writeFileSync(
    script,
    `import { writeSafetensors } from ${JSON.stringify(source)};
     for (let i = 2; ; i++) { await writeSafetensors(${JSON.stringify(path)}, new Map([["v", { data: new Float32Array(4e6).fill(i), dims: [4e6] }]])); if (i === 3) console.log("writing"); }`,
  );
  const child = spawn(process.execPath, ["--import", "tsx", script], {
    stdio: ["ignore", "pipe", "inherit"],
    cwd: join(import.meta.dirname, "../.."),
  });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  await new Promise((resolve) => setTimeout(resolve, 23));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
  const v = (await readSafetensors(path)).tensors.get("v")?.data as Float32Array;
  expect(v.length).toBe(4e6);
  expect(v.every((x) => x === v[0])).toBe(true);
  for (const name of readdirSync(directory)) if (name.endsWith(".tmp")) rmSync(join(directory, name));
});

it("keeps tensors whatever they are named, and refuses the name that the format keeps", () => {
  const names = ["__proto__", "constructor", "toString", "", "a\n"];
  const tensors = new Map(names.map((name, i) => [name, { data: Float32Array.of(i), dims: [1] }]));
  const chunks = encodeSafetensors(tensors, { note: "x" });
  const found = parseSafetensors(Buffer.concat(chunks)).tensors;
  expect(names.map((name) => found.get(name)?.data[0])).toEqual([0, 1, 2, 3, 4]);
  const taken = new Map([["__metadata__", { data: Float32Array.of(1), dims: [1] }]]);
  expect(() => encodeSafetensors(taken)).toThrow(FileFormatError);
});
