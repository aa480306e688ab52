import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import {
  add,
  createRng,
  createSession,
  encodeModel,
  FileFormatError,
  Graph,
  grad,
  type ImportedModel,
  importModel,
  matmul,
  parseOnnxModel,
  readOnnxModel,
  serialize,
  sumAll,
  type TypedData,
  tanh,
  type Value,
} from "../index.js";

const directory = mkdtempSync(join(tmpdir(), "onnx-"));
afterAll(() => rmSync(directory, { recursive: true }));

const normals = (n: number, seed: number): Float32Array => {
  const rng = createRng(seed);
  return Float32Array.from({ length: n }, () => rng.normal() * 0.3);
};

const live = (model: ImportedModel): Record<string, TypedData> =>
  Object.fromEntries([...model.parameters].map(([name, p]) => [name, p.data]));

/** A two-layer network as an ordinary ONNX file: MatMul with [in, out] weights, a bias, tanh. */
function perceptron(): Uint8Array {
  const graph = new Graph();
  const x = graph.input("x", "float32", [2, 3]);
  const w1 = graph.initializer("w1", "float32", [3, 4], normals(12, 1));
  const b1 = graph.initializer("b1", "float32", [4], normals(4, 2));
  const w2 = graph.initializer("w2", "float32", [4, 2], normals(8, 3));
  graph.output("y", matmul(tanh(add(matmul(x, w1), b1)), w2));
  return serialize(graph, "portable", 17);
}

describe("parseOnnxModel", () => {
  const good = perceptron();

  it("rejects every truncation", () => {
    for (let n = 0; n < good.length; n += 3) {
      expect(() => importModel(parseOnnxModel(good.slice(0, n)))).toThrow(/./);
      try {
        parseOnnxModel(good.slice(0, n));
      } catch (error) {
        expect(error).toBeInstanceOf(FileFormatError);
      }
    }
  });

  it("survives any damaged bytes with a typed error", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (changes) => {
          const bytes = good.slice();
          for (const [at, value] of changes) bytes[at] = value;
          try {
            importModel(parseOnnxModel(bytes));
          } catch (error) {
            expect(error).toHaveProperty("code");
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it("checks sizes before it allocates, and counts before it collects", () => {
    const huge = {
      name: "w",
      dtype: "float32" as const,
      shape: [2 ** 20, 2 ** 20],
      init: { kind: "inline" as const, data: new Float32Array(1) },
    };
    const bytes = encodeModel({ opset: 17, nodes: [], inputs: [], outputs: [], initializers: [huge] });
    expect(() => parseOnnxModel(bytes)).toThrow("needs 4398046511104 bytes, found 4");
    expect(() => parseOnnxModel(good, { maxNodes: 2 })).toThrow("more than 2 nodes");
    expect(() => parseOnnxModel(new Uint8Array(0))).toThrow("found no graph");
  });
});

describe("external data", { timeout: 60_000 }, () => {
  const external = (location: string, offset = 0, length = 48): Uint8Array => {
    const graph = new Graph();
    const w = graph.initializer("w1", "float32", [3, 4], { kind: "external", location, offset, length });
    graph.output("y", matmul(graph.input("x", "float32", [2, 3]), w));
    return serialize(graph, "portable", 17);
  };
  const write = (bytes: Uint8Array): string => {
    const path = join(directory, "model.onnx");
    writeFileSync(path, bytes);
    return path;
  };

  it("stays in its file, takes adapters, and is shared by sessions", async () => {
    const weights = normals(12, 1);
    writeFileSync(join(directory, "weights.bin"), new Uint8Array(weights.buffer));
    const file = await readOnnxModel(write(external("weights.bin")));
    const model = importModel(file, { lora: { rank: 1, alpha: 1, targets: () => true, rng: createRng(1) } });
    const loss = sumAll(model.outputs.get("y") as Value);
    model.graph.output("y", model.outputs.get("y") as Value);
    model.graph.output("d", grad(loss, [model.variables.get("w1.lora_B") as Value])[0] as Value);
    const feeds = { x: Float32Array.of(1, 0, 0, 0, 0, 1), ...live(model) };
    const options = { externalDataDirectory: file.directory, prepacking: false };
    await using first = await createSession(model.graph, options);
    await using second = await createSession(model.graph, options);
    const expected = [...weights.subarray(0, 4), ...weights.subarray(8, 12)];
    for (const session of [first, second]) expect([...((await session.run(feeds)).y?.data ?? [])]).toEqual(expected);
    expect(() => importModel(file, { trainable: () => true })).toThrow("lies in external data");
  });

  it("must lie beside the model, inside its file", async () => {
    writeFileSync(join(directory, "weights.bin"), new Uint8Array(48));
    for (const location of ["/etc/passwd", "../weights.bin", "a/../../b", "C:\\x", ""]) {
      expect(() => parseOnnxModel(external(location)), location).toThrow(/must lie beside the model/);
    }
    await expect(readOnnxModel(write(external("missing.bin")))).rejects.toThrow("missing.bin is missing");
    await expect(readOnnxModel(write(external("weights.bin", 4)))).rejects.toThrow(
      "ends at byte 52 of weights.bin, which has 48",
    );
    await expect(readOnnxModel(write(perceptron()), { maxBytes: 10 })).rejects.toThrow("more than the limit of 10");
    mkdirSync(join(directory, "inside"));
    symlinkSync(join(directory, "weights.bin"), join(directory, "inside", "link.bin"));
    writeFileSync(join(directory, "inside", "model.onnx"), external("link.bin"));
    await expect(readOnnxModel(join(directory, "inside", "model.onnx"))).rejects.toThrow("leads out of");
  });
});
