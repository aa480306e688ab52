import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  add,
  type BlockQuantization,
  bfloat16ToFloat32,
  createRng,
  createSession,
  dequantizeRows,
  type FrozenKernel,
  type FrozenStorage,
  float32ToBfloat16,
  frozenWeight,
  Graph,
  gather,
  grad,
  matmul,
  matmulTransposed,
  mul,
  quantizeRows,
  silu,
  sumAll,
  tokenLogProbs,
} from "../index.js";

const normal = (n: number, seed = 1): Float32Array => {
  const rng = createRng(seed);
  return Float32Array.from({ length: n }, () => rng.normal());
};
const stored = (weights: Float32Array, columns: number, quantization: BlockQuantization) => {
  const rows = quantizeRows(weights, columns, quantization);
  const storage: FrozenStorage = { kind: "blocks", quantization, ...rows };
  return { storage, weights: dequantizeRows(rows, quantization) };
};
const farthest = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let far = 0;
  for (let i = 0; i < a.length; i++) far = Math.max(far, Math.abs((a[i] as number) - (b[i] as number)));
  return far;
};
const quantizations: BlockQuantization[] = ([4, 8] as const).flatMap((bits) =>
  [true, false].flatMap((symmetric) => [16, 32].map((blockSize) => ({ bits, blockSize, symmetric }))),
);

describe("quantizeRows", () => {
  it("moves no weight by more than a step, keeps zero, and if symmetric is a fixed point", () => {
    const block = fc.array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: 64, maxLength: 64 });
    fc.assert(
      fc.property(block, fc.constantFrom(...quantizations), (values, quantization) => {
        const weights = Float32Array.from(values);
        const rows = quantizeRows(weights, 64, quantization);
        const back = dequantizeRows(rows, quantization);
        back.forEach((w, i) => {
          const step = Math.abs(rows.scales[Math.floor(i / quantization.blockSize)] as number);
          // Half a step, and another half at the ends: symmetric codes lack one of a sign, zero points are rounded.
          expect(Math.abs(w - (weights[i] as number))).toBeLessThanOrEqual(step * 1.001 + 1e-30);
          if (weights[i] === 0) expect(Math.abs(w)).toBe(0);
        });
        if (!quantization.symmetric) return;
        expect(farthest(dequantizeRows(quantizeRows(back, 64, quantization), quantization), back)).toBeLessThan(1e-4);
      }),
      { numRuns: 100 },
    );
  });

  it("packs codes as onnxruntime reads them: low half first, ties to the even code", () => {
    const weights = Float32Array.from({ length: 16 }, (_, i) => (i === 0 ? -8 : i === 1 ? 2.5 : i === 2 ? 3.5 : 0));
    const { codes, scales, zeroPoints } = quantizeRows(weights, 16, { bits: 4, blockSize: 16, symmetric: true });
    expect(Array.from(scales)).toEqual([1]);
    expect(Array.from(zeroPoints)).toEqual([8]);
    expect(Array.from(codes.subarray(0, 2))).toEqual([0 | (10 << 4), 12 | (8 << 4)]);
  });

  it("refuses sizes without a layout", () => {
    const weights = new Float32Array(48);
    const options = { bits: 4, blockSize: 16, symmetric: true } as const;
    expect(() => quantizeRows(weights, 48, { ...options, blockSize: 32 })).toThrow("must divide a row of 48");
    expect(() => quantizeRows(weights, 48, { ...options, blockSize: 8 })).toThrow("power of two");
    expect(() => quantizeRows(weights, 48, { ...options, symmetric: false })).toThrow("even number of blocks, found 3");
    expect(() => quantizeRows(weights, 40, options)).toThrow("must divide a row of 40");
  });
});

async function product(
  storage: FrozenStorage,
  x: Float32Array,
  shape: readonly [number, number],
  kernel?: FrozenKernel,
): Promise<Float32Array> {
  const graph = new Graph();
  const input = graph.input("x", "float32", [x.length / shape[1], shape[1]]);
  graph.output("y", matmulTransposed(input, frozenWeight(graph, "w", shape, storage, kernel), 0.5));
  const session = await createSession(graph, { prepacking: kernel !== undefined });
  const { y } = await session.run({ x });
  await session.dispose();
  return y?.data as Float32Array;
}

describe("frozenWeight", { timeout: 60_000 }, () => {
  const [out, columns] = [24, 64];
  const x = normal(5 * columns, 2);
  const reference = async (weights: Float32Array): Promise<Float32Array> =>
    product({ kind: "float", dtype: "float32", data: weights }, x, [out, columns]);

  it.each(quantizations)("products equal those of the dequantised weights, both kernels: %j", async (quantization) => {
    const { storage, weights } = stored(normal(out * columns), columns, quantization);
    const expected = await reference(weights);
    expect(farthest(await product(storage, x, [out, columns]), expected)).toBeLessThan(1e-5);
    expect(farthest(await product(storage, x, [out, columns], { kernel: "packed" }), expected)).toBeLessThan(1e-4);
    const rounded = await product(storage, x, [out, columns], { kernel: "packed", accuracyLevel: 4 });
    const size = Math.max(...expected.map(Math.abs));
    expect(farthest(rounded, expected) / size).toBeLessThan(0.02);
    expect(farthest(rounded, expected)).toBeGreaterThan(0);
  });

  it("16-bit floats are expanded exactly", async () => {
    const bits = float32ToBfloat16(normal(out * columns));
    const expected = await reference(bfloat16ToFloat32(bits));
    const storage: FrozenStorage = { kind: "float", dtype: "bfloat16", data: bits };
    expect(farthest(await product(storage, x, [out, columns]), expected)).toBeLessThan(1e-6);
  });

  const bfloat16 = (weights: Float32Array) => {
    const data = float32ToBfloat16(weights);
    return { storage: { kind: "float", dtype: "bfloat16", data } as FrozenStorage, weights: bfloat16ToFloat32(data) };
  };
  const storages: [string, (w: Float32Array, columns: number) => { storage: FrozenStorage; weights: Float32Array }][] =
    [
      ["int4", (w, n) => stored(w, n, { bits: 4, blockSize: 32, symmetric: false })],
      ["int8", (w, n) => stored(w, n, { bits: 8, blockSize: 32, symmetric: true })],
      ["bfloat16", bfloat16],
    ];

  it.each(
    storages.flatMap(([name, store]) => (["expand", "packed"] as const).map((kernel) => ({ name, kernel, store }))),
  )("gradients past $name weights equal those past the same float32 weights, $kernel", async ({ store, kernel }) => {
    const table = stored(normal(32 * columns, 5), columns, { bits: 8, blockSize: 16, symmetric: true });
    const first = store(normal(columns * columns, 3), columns);
    const second = store(normal(columns * columns, 4), columns);
    const targets = Int32Array.of(1, 30, 7, 7);
    const run = async (frozen: boolean) => {
      const graph = new Graph();
      const constant = (name: string, rows: number, s: { storage: FrozenStorage; weights: Float32Array }) =>
        frozen
          ? frozenWeight(graph, name, [rows, columns], s.storage, { kernel })
          : graph.initializer(name, "float32", [rows, columns], s.weights);
      const w1 = constant("w1", columns, first);
      const w2 = constant("w2", columns, second);
      const embedding = constant("table", 32, table);
      const a = graph.input("a", "float32", [columns, 8]);
      const e = gather(embedding, graph.input("ids", "int32", [4]));
      let h = matmulTransposed(e, w1);
      h = add(h, matmul(matmul(e, a), a, { transposeB: true }));
      h = mul(matmulTransposed(silu(mul(h, 0.05)), w2), 0.1);
      const loss = sumAll(tokenLogProbs(h, embedding, graph.input("targets", "int32", [4]), { chunk: 2 }));
      graph.output("loss", loss);
      graph.output("da", grad(loss, [a])[0] as typeof a);
      const session = await createSession(graph, { prepacking: kernel === "packed" });
      const outputs = await session.run({ a: normal(columns * 8, 9), ids: Int32Array.of(3, 3, 0, 31), targets });
      await session.dispose();
      return [outputs.loss?.data as Float32Array, outputs.da?.data as Float32Array] as const;
    };
    const [loss, gradient] = await run(true);
    const [expectedLoss, expected] = await run(false);
    expect(Math.abs((loss[0] as number) / (expectedLoss[0] as number) - 1)).toBeLessThan(1e-5);
    const size = Math.max(...expected.map(Math.abs));
    expect(size).toBeGreaterThan(0.01);
    expect(farthest(gradient, expected) / size).toBeLessThan(1e-4);
  });

  it("a weight is expanded anew for the backward pass, so that no float32 copy outlives its product", () => {
    const { storage } = stored(normal(columns * columns), columns, { bits: 8, blockSize: 32, symmetric: true });
    const graph = new Graph();
    const w = frozenWeight(graph, "w", [columns, columns], storage);
    const a = graph.input("a", "float32", [3, columns]);
    const loss = sumAll(silu(matmulTransposed(silu(matmulTransposed(a, w)), w)));
    graph.output("da", grad(loss, [a])[0] as typeof a);
    const nodes = graph.liveNodes();
    const expansions = nodes.filter(({ op }) => op === "DequantizeLinear");
    expect(expansions).toHaveLength(4);
    for (const { outputs } of expansions)
      expect(nodes.filter(({ inputs }) => inputs.includes(outputs[0] as typeof a))).toHaveLength(1);
  });

  it.each(["memory", "file"] as const)(
    "a large table in 16 bits (%s) is multiplied piece by piece: product, rows and gradient are those of the whole",
    async (place) => {
      const directory = mkdtempSync(join(tmpdir(), "frozen-"));
      const { storage, weights } = bfloat16(normal(out * columns, 7));
      const { data } = storage as { data: Uint16Array };
      writeFileSync(join(directory, "w.bin"), Buffer.concat([Buffer.alloc(6), Buffer.from(data.buffer)]));
      const inFile = { kind: "external", location: "w.bin", offset: 6, length: data.byteLength } as const;
      const placed = { ...storage, data: place === "file" ? inFile : data } as FrozenStorage;
      const run = async (whole: boolean) => {
        const graph = new Graph();
        // 24 rows in pieces of 7: the last one is smaller.
        const table = whole
          ? graph.initializer("w", "float32", [out, columns], weights)
          : frozenWeight(graph, "w", [out, columns], placed, { pieceValues: 7 * columns + 3 });
        const a = graph.input("a", "float32", [5, columns]);
        const e = gather(table, graph.input("ids", "int32", [5]));
        const y = matmulTransposed(add(a, e), table, 0.5);
        graph.output("y", y);
        graph.output("da", grad(sumAll(silu(y)), [a])[0] as typeof a);
        const largest = Math.max(
          ...graph
            .liveNodes()
            .flatMap(({ op, outputs }) => (op === "Cast" ? outputs.map(({ shape }) => shape[0] ?? 0) : [])),
        );
        const session = await createSession(graph, { externalDataDirectory: directory, prepacking: false });
        const outputs = await session.run({ a: x, ids: Int32Array.of(0, 6, 7, 22, 23) });
        await session.dispose();
        return { y: outputs.y?.data as Float32Array, da: outputs.da?.data as Float32Array, largest };
      };
      const [expected, found] = [await run(true), await run(false)];
      expect(farthest(found.y, expected.y)).toBeLessThan(1e-5);
      expect(farthest(found.da, expected.da)).toBeLessThan(1e-4);
      expect(found.largest).toBe(7);
      rmSync(directory, { recursive: true });
    },
  );

  it("reads codes from a file it does not copy", async () => {
    const directory = mkdtempSync(join(tmpdir(), "frozen-"));
    const quantization = { bits: 4, blockSize: 32, symmetric: true } as const;
    const rows = quantizeRows(normal(out * columns), columns, quantization);
    const parts = [rows.scales, rows.codes, rows.zeroPoints];
    let end = 12; // an odd place on purpose
    const locate = (data: Float32Array | Uint8Array) => {
      const offset = end;
      end += data.byteLength;
      return { kind: "external", location: "weights.bin", offset, length: data.byteLength } as const;
    };
    const [scales, codes, zeroPoints] = parts.map(locate) as [
      ReturnType<typeof locate>,
      ReturnType<typeof locate>,
      ReturnType<typeof locate>,
    ];
    writeFileSync(
      join(directory, "weights.bin"),
      Buffer.concat([Buffer.alloc(12), ...parts.map((p) => Buffer.from(p.buffer))]),
    );
    const expected = await reference(dequantizeRows(rows, quantization));
    for (const kernel of ["expand", "packed"] as const) {
      const graph = new Graph();
      const input = graph.input("x", "float32", [5, columns]);
      const storage = { kind: "blocks", quantization, scales, codes, zeroPoints } as const;
      graph.output("y", matmulTransposed(input, frozenWeight(graph, "w", [out, columns], storage, { kernel }), 0.5));
      const session = await createSession(graph, {
        prepacking: kernel === "packed",
        externalDataDirectory: directory,
      });
      const { y } = await session.run({ x });
      await session.dispose();
      expect(farthest(y?.data as Float32Array, expected)).toBeLessThan(1e-4);
    }
    rmSync(directory, { recursive: true });
  });

  it("rows of a 4-bit table are refused, as is a weight that is no matrix", () => {
    const graph = new Graph();
    const { storage } = stored(normal(out * columns), columns, { bits: 4, blockSize: 16, symmetric: true });
    const table = frozenWeight(graph, "w", [out, columns], storage);
    expect(() => gather(table, graph.input("ids", "int32", [3]))).toThrow("8 bits");
    expect(() => frozenWeight(graph, "v", [2, 12, columns], storage)).toThrow("[out, in]");
  });
});
