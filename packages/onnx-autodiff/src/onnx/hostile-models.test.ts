import { describe, expect, it } from "vitest";
import {
  createSession,
  encodeModel,
  Graph,
  GraphError,
  gather,
  grad,
  importModel,
  type ModelDefinition,
  mul,
  type NodeDefinition,
  OnnxAutodiffError,
  parseOnnxModel,
  pickLast,
  serialize,
  sumAll,
  type Value,
} from "../index.js";

const node = (op: string, inputs: string[], outputs: string[], attributes = {}, domain = ""): NodeDefinition => ({
  op,
  domain,
  inputs,
  outputs,
  attributes,
});
const int64 = (name: string, values: readonly number[], scalar = false) => ({
  name,
  dtype: "int64" as const,
  shape: scalar ? [] : [values.length],
  init: { kind: "inline" as const, data: BigInt64Array.from(values, BigInt) },
});
const load = (nodes: NodeDefinition[], initializers: ModelDefinition["initializers"], output = "y") =>
  importModel(
    parseOnnxModel(
      encodeModel({
        opset: 17,
        nodes,
        inputs: [{ name: "x", dtype: "float32", shape: [2] }],
        outputs: [{ name: output, dtype: "float32", shape: [2] }],
        initializers,
      }),
    ),
  );

describe("folding while importing", () => {
  const scalars = [int64("zero", [0], true), int64("one", [1], true), int64("two", [2], true)];

  it("is bounded over the whole model, not for each node", () => {
    const limit = int64("limit", [1 << 22], true);
    const ranges = (count: number) =>
      load(
        Array.from({ length: count }, (_, i) => node("Range", ["zero", "limit", "one"], [i === 0 ? "y" : `r${i}`])),
        [...scalars, limit],
      );
    expect(ranges(3).outputs.get("y")?.shape).toEqual([1 << 22]);
    const start = performance.now();
    expect(() => ranges(8)).toThrow(/Range \(node .*constants made while importing/);
    expect(() =>
      load([node("Range", ["zero", "huge", "one"], ["y"])], [...scalars, int64("huge", [2 ** 40], true)]),
    ).toThrow(GraphError);
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  it("bounds masks, filled tensors and lists that double", () => {
    expect(() =>
      load(
        [node("ConstantOfShape", ["side"], ["ones"]), node("Trilu", ["ones"], ["y"])],
        [int64("side", [1 << 13, 1 << 13])],
      ),
    ).toThrow(/constants made while importing/);
    const doubling = Array.from({ length: 40 }, (_, i) =>
      node("Concat", [`c${i}`, `c${i}`], [`c${i + 1}`], { axis: 0 }),
    );
    expect(
      load([...doubling, node("Cast", ["c40"], ["y"], { to: 1 })], [int64("c0", [1])]).outputs.get("y")?.shape,
    ).toEqual([2 ** 40]);
    expect(() => load([node("ConstantOfShape", ["side"], ["y"])], [int64("side", [-1])])).toThrow(GraphError);
  });

  it("refuses a division by zero and numbers that the type cannot hold", () => {
    expect(() => load([node("Div", ["one", "zero"], ["y"])], scalars)).toThrow(/Div \(node .*found Infinity/);
    expect(() => load([node("Div", ["zero", "zero"], ["y"])], scalars)).toThrow(/Div \(node .*found NaN/);
    expect(() => load([node("Mul", ["big", "big"], ["y"])], [int64("big", [2 ** 40], true)])).toThrow(/Mul \(node/);
    expect(() => load([node("Gather", ["list", "two"], ["y"])], [int64("list", [5, 6]), ...scalars])).toThrow(
      /index 2/,
    );
    expect(() => load([node("Reshape", ["x", "odd"], ["y"])], [int64("odd", [-1, 3])])).toThrow(OnnxAutodiffError);
  });
});

describe("ops with strange names", () => {
  it("never reach Object.prototype", () => {
    for (const op of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      const model = load([node(op, ["x", "x"], ["y"])], []);
      expect(model.outputs.get("y")?.shape).toEqual([2]);
      expect(() => grad(sumAll(model.outputs.get("y") as Value), [...model.inputs.values()])).toThrow(
        `no gradient rule for op ${op}`,
      );
      expect(() => load([node(op, ["one", "one"], ["y"])], [int64("one", [1], true)])).not.toThrow();
    }
    const kept = load([node("Softsign", ["x"], ["y"], { constructor: 3 })], []);
    expect(Object.keys(kept.outputs.get("y")?.producer?.attributes ?? {})).toContain("constructor");
  });

  it("of another domain, or of this package's own vocabulary, do not get our kernels or gradients", () => {
    for (const [op, domain] of [
      ["Gelu", "com.other"],
      ["Gelu", "com.microsoft"],
      ["Add", "com.other"],
      ["Silu", ""],
      ["RmsNorm", ""],
      ["StopGradient", ""],
    ] as const) {
      const { graph, outputs, inputs } = load([node(op, ["x"], ["y"], {}, domain)], []);
      const y = outputs.get("y") as Value;
      expect(() => grad(sumAll(y), [...inputs.values()])).toThrow(/no gradient rule/);
      graph.output("y", y);
      const [written] = parseOnnxModel(serialize(graph)).nodes;
      expect([written?.op, written?.domain]).toEqual([op, domain]);
    }
  });
});

describe("indices that count from the end", () => {
  for (const rows of [5, 100])
    it(`Gather and GatherElements give the gradient of the rows they name (${rows} rows)`, async () => {
      const gradients: number[][] = [];
      for (const shift of [0, rows]) {
        const graph = new Graph();
        const table = graph.input("table", "float32", [rows, 3]);
        const ids = graph.initializer(
          undefined,
          "int32",
          [4],
          Int32Array.of(4, 0, 4, 2).map((i) => i - shift),
        );
        const wide = graph.input("wide", "float32", [2, rows]);
        const at = graph.initializer(
          undefined,
          "int64",
          [2],
          BigInt64Array.of(1n, 4n).map((i) => i - BigInt(shift)),
        );
        const w = graph.initializer(
          undefined,
          "float32",
          [4, 3],
          Float32Array.from({ length: 12 }, (_, i) => i + 1),
        );
        const picked = pickLast(wide, at);
        const loss = graph.op("Add", [sumAll(mul(gather(table, ids), w)), sumAll(mul(picked, picked))], {
          dtype: "float32",
          shape: [],
        });
        grad(loss, [table, wide]).forEach((d, i) => {
          graph.output(`d${i}`, d);
        });
        await using session = await createSession(graph);
        const found = await session.run({
          table: new Float32Array(rows * 3),
          wide: Float32Array.from({ length: 2 * rows }, (_, i) => i),
        });
        gradients.push([...(found.d0?.data ?? []), ...(found.d1?.data ?? [])].map(Number));
      }
      expect(gradients[1]).toEqual(gradients[0]);
      expect(gradients[0]?.slice(12, 15)).toEqual([1 + 7, 2 + 8, 3 + 9]);
    });
});
