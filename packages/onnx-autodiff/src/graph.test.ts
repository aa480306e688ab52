import { describe, expect, it } from "vitest";
import {
  add,
  attention,
  availableProviders,
  compareWithCpu,
  concat,
  createSession,
  DTypeError,
  equal,
  FeedError,
  Graph,
  GraphError,
  gather,
  grad,
  MissingRuleError,
  matmul,
  mul,
  reportProviders,
  reshape,
  rmsNorm,
  rope,
  ShapeError,
  selfAttention,
  slice,
  split,
  stopGradient,
  sumAll,
  tanh,
  transpose,
  type Value,
  valueAndGrad,
  vjp,
  where,
} from "./index.js";

const inputs = (...shapes: number[][]): [Graph, ...Value[]] => {
  const graph = new Graph();
  return [graph, ...shapes.map((shape, i) => graph.input(`x${i}`, "float32", shape))];
};

describe("building errors name what does not fit", () => {
  it("shapes", () => {
    const [, a, b] = inputs([2, 3], [4, 5]) as [Graph, Value, Value];
    expect(() => add(a, b)).toThrow("Add: cannot broadcast [2,3] with [4,5]");
    expect(() => matmul(a, b)).toThrow("MatMul: [2,3] x [4,5]: inner sizes 3 and 4 differ");
    expect(() => matmul(a, slice(reshape(b, [20]), 0, 0, 3))).toThrow("rank >= 2");
    expect(() => reshape(a, [4])).toThrow("[2,3] has 6 elements, [4] has 4");
    expect(() => transpose(a, [0, 0])).toThrow("not a permutation");
    expect(() => concat([a, b], 0)).toThrow("does not fit");
    expect(() => split(a, [1, 1], 1)).toThrow("sum to 2, axis 1 of [2,3] has 3");
    expect(() => slice(a, 1, 2, 9)).toThrow("[2, 9) is outside axis 1");
    expect(() => slice(a, 7, 0, 1)).toThrow("axis 7 is out of range");
    expect(() => rmsNorm(a, b, 1e-6)).toThrow("expected scale and bias [3]");
    expect(() => rope(a, a, a, 1)).toThrow(ShapeError);
    expect(() => grad(a, [a])).toThrow("expected a scalar loss, found [2,3]");
    expect(() => vjp([a], [b], [a])).toThrow("needs a gradient of its shape");
  });

  it("dtypes", () => {
    const graph = new Graph();
    const [f, i] = [graph.input("f", "float32", [2]), graph.input("i", "int32", [2])];
    expect(() => add(f, i)).toThrow(DTypeError);
    expect(() => gather(f, f)).toThrow("indices must be int32 or int64, found float32");
    expect(() => where(f, f, f)).toThrow("condition must be bool");
    expect(() => grad(sumAll(f), [i])).toThrow("only floats have gradients");
  });

  it("graphs", () => {
    const graph = new Graph();
    const rank3 = graph.input("r", "float32", [1, 2, 4]);
    const x = graph.input("x", "float32", [2]);
    expect(() => graph.input("x", "float32", [2])).toThrow("the name x is used twice");
    expect(() => add(x, new Graph().input("y", "float32", [2]))).toThrow(GraphError);
    graph.output("o", x);
    expect(() => graph.output("o", x)).toThrow("declared twice");
    expect(() => graph.output("x", x)).toThrow("name of an input or initializer");
    expect(() => graph.input("o", "float32", [1])).toThrow("the name o is used twice");
    expect(() => selfAttention(rank3, rank3, rank3, { heads: 3 })).toThrow("width 4 needs a multiple of 3 heads");
    expect(() => graph.initializer("w", "float32", [3], new Float32Array(2))).toThrow("expected 3 elements, found 2");
    expect(() => graph.input("bad", "float32", [2.5])).toThrow("non-negative integers");
  });
});

describe("grad", () => {
  it("names an op without a rule, the node and the path from the loss", () => {
    const graph = new Graph();
    const x = graph.input("x", "float32", [4]);
    const odd = graph.op(
      "CumSum",
      [tanh(x), graph.scalar(0, "int32")],
      { dtype: "float32", shape: [4] },
      { _name: "layer.3/odd" },
    );
    const loss = sumAll(mul(odd, 2));
    let error: unknown;
    try {
      grad(loss, [x]);
    } catch (e) {
      error = e;
    }
    expect(error).toBeInstanceOf(MissingRuleError);
    const { op, node, path, code } = error as MissingRuleError;
    expect([op, node, code]).toEqual(["CumSum", "layer.3/odd", "MISSING_RULE"]);
    expect(path.map((p) => p.replace(/:\d+/, ""))).toEqual(["ReduceSum", "Mul", "layer.3/odd"]);
  });

  it("ignores ops without a rule off the path, and stops at stopGradient", async () => {
    const graph = new Graph();
    const x = graph.input("x", "float32", [2]);
    const odd = graph.op("CumSum", [x, graph.scalar(0, "int32")], { dtype: "float32", shape: [2] });
    const loss = sumAll(add(mul(x, x), mul(stopGradient(odd), x)));
    graph.output("odd", odd);
    graph.output("d", grad(loss, [x])[0] as Value);
    await using session = await createSession(graph);
    const { d } = await session.run({ x: Float32Array.of(1, 2) });
    expect(d?.data).toEqual(Float32Array.of(2 + 1, 4 + 3));
  });

  it("is zero where the loss does not depend on a value, and through comparisons", async () => {
    const [graph, a, b] = inputs([2], [2]) as [Graph, Value, Value];
    const loss = sumAll(where(equal(b, 0), a, mul(a, 3)));
    grad(loss, [a, b]).forEach((d, i) => {
      graph.output(`d${i}`, d);
    });
    await using session = await createSession(graph);
    const { d0, d1 } = await session.run({ x0: Float32Array.of(1, 2), x1: Float32Array.of(0, 5) });
    expect([[...(d0?.data ?? [])], [...(d1?.data ?? [])]]).toEqual([
      [1, 3],
      [0, 0],
    ]);
  });

  it("gives second derivatives of single ops, and refuses those it cannot", async () => {
    const graph = new Graph();
    const x = graph.input("x", "float32", [2]);
    const [first] = grad(sumAll(mul(x, mul(x, x))), [x]) as [Value];
    graph.output("d2", grad(sumAll(first), [x])[0] as Value);
    await using session = await createSession(graph);
    const { d2 } = await session.run({ x: Float32Array.of(1, -2) });
    expect(d2?.data).toEqual(Float32Array.of(6, -12));

    const twice = (y: Value, of: Value): Value => sumAll(mul(grad(sumAll(tanh(y)), [of])[0] as Value, of));
    const w = graph.input("w", "float32", [2]);
    expect(() => grad(twice(rmsNorm(x, w, 1e-6), x), [x])).toThrow(MissingRuleError);
    const q = graph.input("q", "float32", [1, 1, 1, 2, 4]);
    const k = graph.input("k", "float32", [1, 1, 2, 4]);
    expect(() => grad(twice(attention(q, k, k), q), [q])).toThrow("attention has no second derivative");
  });

  it("refuses a region with its own backward that hides a value from it", () => {
    const graph = new Graph();
    const [q, k] = [graph.input("q", "float32", [1, 1, 1, 2, 4]), graph.input("k", "float32", [1, 1, 2, 4])];
    const mask = graph.input("mask", "float32", [1, 1, 2, 2]);
    const loss = sumAll(attention(q, k, k, { mask: mul(mask, 2) }));
    expect(() => grad(loss, [q, k])).not.toThrow();
    expect(() => grad(loss, [q, mask])).toThrow(/a region with its own backward uses Mul:\d+, which needs a gradient/);
  });

  it("valueAndGrad declares the outputs", async () => {
    const [graph, x] = inputs([3]) as [Graph, Value];
    const names = valueAndGrad(sumAll(mul(x, x)), [x]);
    expect([...names]).toEqual([["x0", "d:x0"]]);
    await using session = await createSession(graph);
    const results = await session.run({ x0: Float32Array.of(1, 2, 3) });
    expect([results.loss?.data[0], ...((results["d:x0"]?.data as Float32Array) ?? [])]).toEqual([14, 2, 4, 6]);
  });
});

describe("sessions", () => {
  const build = async () => {
    const [graph, x] = inputs([3]) as [Graph, Value];
    graph.input("unused", "float32", [1]);
    graph.output("y", mul(x, 2));
    return createSession(graph);
  };

  it("refuse missing, unknown, wrongly typed and wrongly sized feeds by name", async () => {
    await using session = await build();
    await expect(session.run({})).rejects.toThrow("input x0 is missing");
    await expect(session.run({ x0: new Float32Array(3), z: new Float32Array(1) })).rejects.toThrow("no input z");
    await expect(session.run({ x0: new Float32Array(2) })).rejects.toThrow("needs 3 elements, found 2");
    await expect(session.run({ x0: new Float64Array(3) })).rejects.toThrow("needs Float32Array, found Float64Array");
    await expect(session.run({ x0: { data: new Float32Array(3), dims: [1, 3] } })).rejects.toThrow(
      "expects float32[3], found [1,3]",
    );
    await expect(session.run({ x0: new Float32Array(3) }, { fetches: ["nope"] })).rejects.toThrow("no output nope");
  });

  it("ignore feeds nothing depends on, fill given buffers, and end with dispose", async () => {
    const session = await build();
    const y = new Float32Array(3);
    await session.run({ x0: Float32Array.of(1, 2, 3), unused: new Float32Array(1) }, { fetches: { y } });
    expect([...y]).toEqual([2, 4, 6]);
    await session.dispose();
    await session.dispose();
    await expect(session.run({ x0: y })).rejects.toThrow(FeedError);
  });

  it("report which provider runs what, and how far a provider is from the CPU", async () => {
    const [graph, x, w] = inputs([2, 3], [3, 4]) as [Graph, Value, Value];
    graph.output("y", tanh(matmul(x, w)));
    const feeds = { x0: new Float32Array(6).fill(0.5), x1: new Float32Array(12).fill(0.1) };
    const [report, ...others] = await reportProviders(graph, feeds);
    expect(others).toEqual([]);
    expect(report?.provider).toBe("CPUExecutionProvider");
    expect([...(report?.ops.keys() ?? [])].sort()).toEqual(["MatMul", "Tanh"]);
    expect(await compareWithCpu(graph, feeds, { target: "ort" })).toEqual({ y: 0 });
    expect(availableProviders().some((p) => p.name === "cpu" && p.bundled)).toBe(true);
  });
});
