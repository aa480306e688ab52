import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRng } from "@videosafety/random";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mutate, survive } from "../../test/mutate-onnx.js";
import {
  createSession,
  FileFormatError,
  GraphError,
  importModel,
  parseOnnxModel,
  parseSafetensors,
  readOnnxModel,
  readSafetensors,
  type TypedData,
  toFloat32,
} from "../index.js";

interface Numbers {
  readonly dtype: "float32" | "int64" | "int32" | "bool";
  readonly dims: readonly number[];
  readonly data: readonly number[];
}
interface Golden {
  readonly cases: readonly {
    readonly op: string;
    readonly opset: number;
    readonly model: string;
    readonly feeds: Readonly<Record<string, Numbers>>;
    readonly outputs: readonly Numbers[];
  }[];
  readonly refused: readonly {
    readonly names: string;
    readonly op: string;
    readonly opset: number;
    readonly model: string;
  }[];
  readonly safetensors: {
    readonly file: string;
    readonly tensors: Readonly<Record<string, { readonly dims: readonly number[]; readonly data: readonly number[] }>>;
  };
}
const golden: Golden = JSON.parse(readFileSync(new URL("../../test/golden/files.json", import.meta.url), "utf8"));

/** The bytes as a Buffer that starts `offset` bytes into its memory, as a slice of a larger read does. */
function bufferAt(base64: string, offset: number): Buffer {
  const bytes = Buffer.from(base64, "base64");
  return Buffer.concat([Buffer.alloc(offset), bytes, Buffer.alloc(3)]).subarray(offset, offset + bytes.length);
}

const typed = ({ dtype, data }: Numbers): TypedData => {
  if (dtype === "float32") return Float32Array.from(data);
  if (dtype === "int64") return BigInt64Array.from(data, BigInt);
  return dtype === "int32" ? Int32Array.from(data) : Uint8Array.from(data);
};

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "onnx-files-"));
});
afterAll(() => rm(directory, { recursive: true }));

describe("files that onnx (Python) wrote", { timeout: 120_000 }, () => {
  golden.cases.forEach(({ op, opset, model, feeds, outputs }, index) => {
    it(`${op} of operator set ${opset} (${index}) computes what onnx says`, async () => {
      const { graph, outputs: found } = importModel(parseOnnxModel(bufferAt(model, 1 + (index % 8))));
      for (const [name, value] of found) graph.output(name, value);
      await using session = await createSession(graph);
      const results = await session.run(Object.fromEntries(Object.entries(feeds).map(([n, t]) => [n, typed(t)])));
      outputs.forEach(({ dims, data }, i) => {
        const result = results[`y${i}`];
        expect(result?.dims).toEqual(dims);
        const values = Array.from(result?.data ?? [], Number);
        data.forEach((x, k) => {
          expect(Math.abs((values[k] ?? Number.NaN) - x)).toBeLessThan(2e-5 * Math.max(1, Math.abs(x)));
        });
      });
    });
  });

  it("loads every one from a path, and from a buffer at any offset, with the same numbers", async () => {
    for (const [index, { model }] of golden.cases.entries()) {
      const path = join(directory, `${index}.onnx`);
      await writeFile(path, Buffer.from(model, "base64"));
      const { directory: _, ...fromFile } = await readOnnxModel(path);
      expect(fromFile).toEqual(parseOnnxModel(bufferAt(model, 1 + (index % 8))));
    }
  });

  for (const { names, op, opset, model } of golden.refused)
    it(`${op} of operator set ${opset} is refused, naming ${names}`, () => {
      const load = () => importModel(parseOnnxModel(bufferAt(model, 0)));
      expect(load).toThrow(GraphError);
      expect(load).toThrow(new RegExp(`${op}.*(${names})`));
    });
});

describe("a file that safetensors (Python) wrote", () => {
  const { file, tensors } = golden.safetensors;
  const check = (found: ReadonlyMap<string, { dtype: string; dims: readonly number[]; data: TypedData }>) => {
    expect([...found.keys()].sort()).toEqual(Object.keys(tensors).sort());
    for (const [name, { dims, data }] of Object.entries(tensors)) {
      const tensor = found.get(name) as Parameters<typeof toFloat32>[0];
      expect(tensor.dims).toEqual(dims);
      const values = tensor.dtype.startsWith("float") ? toFloat32(tensor) : tensor.data;
      expect(Array.from(values, Number), name).toEqual(
        data.map((x) => (tensor.dtype.startsWith("f") ? Math.fround(x) : x)),
      );
    }
  };

  it("reads the same from a buffer at any offset and from a path", async () => {
    for (let offset = 0; offset < 9; offset++) check(parseSafetensors(bufferAt(file, offset)).tensors);
    const path = join(directory, "t.safetensors");
    await writeFile(path, Buffer.from(file, "base64"));
    check((await readSafetensors(path)).tensors);
  });
});

describe("damaged files", () => {
  it("stop with this package's errors and nothing else (3,000 of them; bench/fuzz-onnx.ts makes more)", () => {
    const rng = createRng(18);
    const sources = golden.cases.map(({ model }) => Buffer.from(model, "base64"));
    const counts = { ok: 0, file: 0, graph: 0 };
    for (let k = 0; k < 3000; k++) counts[survive(mutate(sources[k % sources.length] as Buffer, rng))]++;
    expect(Math.min(counts.ok, counts.file, counts.graph)).toBeGreaterThan(50);
  });

  it("with a packed list of 500,000 numbers where a few belong are read or refused, not a stack overflow", () => {
    const packed = (field: number, length: number): number[] => [
      (field << 3) | 2,
      ...[length & 127, (length >> 7) & 127, length >> 14].map((b, i) => (i < 2 ? b | 128 : b)),
    ];
    const size = 500_000;
    // A graph with one initializer whose dimensions are the list.
    const inner = [...packed(1, size), ...new Uint8Array(size).fill(1)];
    const tensor = [...packed(5, inner.length), ...inner];
    const graph = Uint8Array.from([...packed(7, tensor.length), ...tensor, 0x42, 2, 0x10, 13]);
    expect(() => parseOnnxModel(graph)).toThrow(FileFormatError);
    expect(() => parseOnnxModel(graph)).toThrow(/rank 500000/);
  });
});
