import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import {
  createRng,
  createSession,
  encodeModel,
  float,
  importModel,
  parseOnnxModel,
  type TypedData,
  type Value,
} from "../index.js";
import { importers } from "./import-model.js";
import type { NodeDefinition } from "./writer.js";

/** One op as a model of its own: inputs are random floats [shape], or constants. */
interface OpCase {
  readonly op: string;
  readonly inputs: readonly (
    | readonly number[]
    | { readonly int64: readonly number[]; readonly scalar?: boolean }
    | { readonly floats: readonly number[]; readonly shape: readonly number[] }
    | null
  )[];
  readonly attributes?: NodeDefinition["attributes"];
  readonly domain?: string;
  readonly outputs?: number;
  readonly opset?: number;
  readonly positive?: boolean;
}
const unary = (op: string, positive = false): OpCase => ({ op, inputs: [[2, 3]], positive });
const binary = (op: string): OpCase => ({ op, inputs: [[2, 3], [3]] });
const vector = (...values: number[]) => ({ int64: values });
const scalar = (value: number) => ({ floats: [value], shape: [] });

const cases: readonly OpCase[] = [
  ...[
    "Neg",
    "Exp",
    "Reciprocal",
    "Sin",
    "Cos",
    "Tanh",
    "Erf",
    "Sigmoid",
    "Softplus",
    "Relu",
    "Abs",
    "Sign",
    "Identity",
    "Dropout",
  ].map((op) => unary(op)),
  ...["Log", "Sqrt"].map((op) => unary(op, true)),
  ...["Add", "Sub", "Mul", "Div", "Min", "Max", "Sum", "Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual"].map(
    binary,
  ),
  { op: "Pow", inputs: [[2, 3], scalar(3)] },
  { op: "Max", inputs: [[2, 3], [3], [2, 1]] },
  { op: "Clip", inputs: [[4, 4], scalar(-0.3), scalar(0.4)] },
  { op: "Clip", inputs: [[4, 4], null, scalar(0.1)] },
  { op: "LeakyRelu", inputs: [[4, 4]], attributes: { alpha: float(0.2) } },
  { op: "Gelu", inputs: [[4, 4]], opset: 20 },
  { op: "Gelu", inputs: [[4, 4]], attributes: { approximate: "tanh" }, opset: 20 },
  { op: "QuickGelu", inputs: [[4, 4]], domain: "com.microsoft", attributes: { alpha: float(1.702) } },
  { op: "Cast", inputs: [[2, 2]], attributes: { to: 7 } },
  {
    op: "MatMul",
    inputs: [
      [2, 3, 4],
      [4, 5],
    ],
  },
  { op: "MatMul", inputs: [[4], [4, 5]] },
  { op: "MatMul", inputs: [[2, 3, 4], [4]] },
  { op: "MatMul", inputs: [[4], [4]] },
  { op: "Gemm", inputs: [[3, 4], [5, 4], [5]], attributes: { transB: 1, alpha: float(0.5), beta: float(2) } },
  {
    op: "Gemm",
    inputs: [
      [4, 3],
      [4, 5],
    ],
    attributes: { transA: 1 },
  },
  {
    op: "FusedMatMul",
    inputs: [
      [2, 4, 3],
      [2, 5, 4],
    ],
    domain: "com.microsoft",
    attributes: { transA: 1, transB: 1, alpha: float(0.5) },
  },
  { op: "Conv", inputs: [[2, 3, 4, 6], [5, 3, 2, 3], [5]], attributes: { strides: [2, 3], kernel_shape: [2, 3] } },
  { op: "Reshape", inputs: [[2, 3, 4], vector(0, -1)] },
  { op: "Flatten", inputs: [[2, 3, 4]], attributes: { axis: 2 } },
  { op: "Squeeze", inputs: [[2, 1, 3, 1], vector(-1)] },
  { op: "Squeeze", inputs: [[2, 1, 3, 1]] },
  { op: "Unsqueeze", inputs: [[2, 3], vector(0, -1)] },
  { op: "Unsqueeze", inputs: [[2, 3]], attributes: { axes: [1] }, opset: 11 },
  { op: "Transpose", inputs: [[2, 3, 4]] },
  { op: "Transpose", inputs: [[2, 3, 4]], attributes: { perm: [1, 2, 0] } },
  { op: "Expand", inputs: [[3, 1], vector(2, 1, 4)] },
  {
    op: "Concat",
    inputs: [
      [2, 3],
      [2, 1],
    ],
    attributes: { axis: -1 },
  },
  { op: "Split", inputs: [[2, 6], vector(1, 5)], attributes: { axis: 1 }, outputs: 2 },
  { op: "Split", inputs: [[2, 7]], attributes: { axis: 1, num_outputs: 3 }, outputs: 3, opset: 18 },
  { op: "Slice", inputs: [[4, 6], vector(1, -4), vector(100, -1), vector(0, 1)] },
  { op: "Slice", inputs: [[4, 6]], attributes: { starts: [1], ends: [3], axes: [1] }, opset: 9 },
  { op: "Pad", inputs: [[2, 3], vector(0, 1, 2, 0)] },
  { op: "Trilu", inputs: [[2, 3, 4]], attributes: { upper: 0 } },
  { op: "Trilu", inputs: [[3, 3], { int64: [1], scalar: true }] },
  { op: "Gather", inputs: [[4, 3], vector(2, 0, 2)] },
  { op: "Gather", inputs: [[4, 3, 5], vector(2, 0)], attributes: { axis: 1 } },
  { op: "Gather", inputs: [[4, 3, 5], vector(4, 0, 1)], attributes: { axis: -1 } },
  { op: "GatherElements", inputs: [[1, 3], vector(2, 0)], attributes: { axis: 1 } },
  { op: "ReduceSum", inputs: [[2, 3, 4], vector(0, -1)], attributes: { keepdims: 0 } },
  { op: "ReduceMean", inputs: [[2, 3, 4]], attributes: { axes: [1] }, opset: 17 },
  { op: "ReduceMean", inputs: [[2, 3]], opset: 18 },
  { op: "ReduceMax", inputs: [[2, 3, 4]], attributes: { axes: [-1], keepdims: 0 }, opset: 17 },
  { op: "Softmax", inputs: [[2, 3, 4]], attributes: { axis: 1 } },
  { op: "Softmax", inputs: [[2, 3]], opset: 11 },
  { op: "LogSoftmax", inputs: [[2, 3]] },
  { op: "LayerNormalization", inputs: [[2, 3], [3], [3]] },
  { op: "LayerNormalization", inputs: [[2, 3], [3]], attributes: { epsilon: float(1e-3) } },
  { op: "RMSNormalization", inputs: [[2, 3], [3]], opset: 23 },
  { op: "SimplifiedLayerNormalization", inputs: [[2, 3], [3]] },
  {
    op: "RotaryEmbedding",
    inputs: [
      [1, 2, 8],
      [1, 2, 2],
      [1, 2, 2],
    ],
    attributes: { num_heads: 2 },
    opset: 23,
  },
  { op: "Shape", inputs: [[2, 3]] },
  { op: "Size", inputs: [[2, 3]] },
  { op: "ConstantOfShape", inputs: [vector(2, 3)] },
  { op: "Range", inputs: [scalar(1), scalar(4), scalar(0.5)] },
];

function modelOf(c: OpCase): {
  bytes: Uint8Array;
  feeds: Map<string, { data: Float32Array; dims: readonly number[] }>;
} {
  const rng = createRng(c.op.length + c.inputs.length);
  const feeds = new Map<string, { data: Float32Array; dims: readonly number[] }>();
  const initializers: Parameters<typeof encodeModel>[0]["initializers"][number][] = [];
  const names = c.inputs.map((input, i) => {
    const name = `i${i}`;
    if (input === null) return "";
    if ("int64" in input) {
      const data = BigInt64Array.from(input.int64, BigInt);
      const dims = input.scalar ? [] : c.op === "GatherElements" ? [1, data.length] : [data.length];
      initializers.push({ name, dtype: "int64", shape: dims, init: { kind: "inline", data } });
    } else if ("floats" in input) {
      initializers.push({
        name,
        dtype: "float32",
        shape: input.shape,
        init: { kind: "inline", data: Float32Array.from(input.floats) },
      });
    } else {
      const size = input.reduce((a, b) => a * b, 1);
      feeds.set(name, {
        data: Float32Array.from({ length: size }, () => (c.positive ? 0.5 + rng.uniform() : rng.normal())),
        dims: input,
      });
    }
    return name;
  });
  const outputs = Array.from({ length: c.outputs ?? 1 }, (_, i) => `o${i}`);
  const bytes = encodeModel({
    opset: c.opset ?? 17,
    nodes: [{ op: c.op, domain: c.domain ?? "", inputs: names, outputs, attributes: c.attributes ?? {} }],
    inputs: [...feeds].map(([name, { dims }]) => ({ name, dtype: "float32", shape: dims })),
    outputs: outputs.map((name) => ({ name, dtype: OUTPUT_TYPE[c.op] ?? "float32", shape: undefined })),
    initializers,
  });
  return { bytes, feeds };
}
const OUTPUT_TYPE: Readonly<Record<string, "bool" | "int64">> = {
  Equal: "bool",
  Less: "bool",
  Greater: "bool",
  LessOrEqual: "bool",
  GreaterOrEqual: "bool",
  Cast: "int64",
  Shape: "int64",
  Size: "int64",
};

describe("an imported op computes what onnxruntime computes", { timeout: 60_000 }, () => {
  for (const c of cases) {
    it(`${c.op} ${JSON.stringify(c.inputs)} ${JSON.stringify(c.attributes ?? {})}`, async () => {
      const { bytes, feeds } = modelOf(c);
      const native = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 });
      const expected = await native.run(
        Object.fromEntries([...feeds].map(([n, f]) => [n, new ort.Tensor("float32", f.data, [...f.dims])])),
      );
      await native.release();
      const { graph, outputs } = importModel(parseOnnxModel(bytes));
      for (const [name, value] of outputs) graph.output(name, value as Value);
      for (const target of ["ort", "portable"] as const) {
        await using session = await createSession(graph, { target });
        const found = await session.run(Object.fromEntries([...feeds].map(([n, f]) => [n, f.data as TypedData])));
        for (const [name, tensor] of Object.entries(expected)) {
          expect(found[name]?.dims).toEqual(tensor.dims);
          const values = Array.from(found[name]?.data ?? [], Number);
          Array.from(tensor.data as Float32Array, Number).forEach((x, i) => {
            expect(values[i]).toBeCloseTo(x, 4);
          });
        }
      }
    });
  }

  it("covers every importer", () => {
    const covered = new Set([...cases.map((c) => c.op), "And", "Or", "Not", "Where", "Constant"]); // the rest: below
    expect(Object.keys(importers).filter((op) => !covered.has(op))).toEqual([]);
  });

  it("And, Or, Not, Where and Constant together", async () => {
    const node = (op: string, inputs: string[], outputs: string[], attributes = {}): NodeDefinition => ({
      op,
      domain: "",
      inputs,
      outputs,
      attributes,
    });
    const bytes = encodeModel({
      opset: 17,
      nodes: [
        node("Constant", [], ["half"], { value_float: float(0.5) }),
        node("Greater", ["x", "half"], ["high"]),
        node("Less", ["x", "half"], ["low"]),
        node("Or", ["high", "low"], ["apart"]),
        node("Not", ["low"], ["enough"]),
        node("And", ["apart", "enough"], ["c"]),
        node("Where", ["c", "x", "half"], ["y"]),
      ],
      inputs: [{ name: "x", dtype: "float32", shape: [3] }],
      outputs: [{ name: "y", dtype: "float32", shape: [3] }],
      initializers: [],
    });
    const { graph, outputs } = importModel(parseOnnxModel(bytes));
    graph.output("y", outputs.get("y") as Value);
    await using session = await createSession(graph);
    expect([...((await session.run({ x: Float32Array.of(0.25, 0.5, 3) })).y?.data ?? [])]).toEqual([0.5, 0.5, 3]);
  });
});
