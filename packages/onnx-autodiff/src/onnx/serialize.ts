import type { Attributes, Graph, Node, Value } from "../graph.js";
import { float } from "../graph.js";
import { floatOf } from "../rules/rule.js";
import { ownEntry } from "../tensor.js";
import { decompose } from "./portable.js";
import { encodeModel } from "./writer.js";

/**
 * What a graph is lowered to. `ort`: onnxruntime's fused kernels (float32, CPU). `portable`: plain ai.onnx ops, any float
 * type and any provider; use it on every GPU (WebGPU's SimplifiedLayerNormalization returns garbage statistics).
 */
export type Target = "ort" | "portable";

type Kernel = (node: Node) => { op: string; domain: string; attributes: Attributes };

const MICROSOFT = "com.microsoft";
const norm = (node: Node): Attributes => ({ axis: -1, epsilon: float(floatOf(node, "epsilon")), stash_type: 1 });
const strided: Kernel = (node) => ({ op: "FusedMatMul", domain: MICROSOFT, attributes: node.attributes });

/** Macro op -> one onnxruntime kernel. */
const kernels: Readonly<Record<string, Kernel>> = {
  FusedMatMul: (n) =>
    n.attributes.transA === 1 || n.attributes.transB === 1 || floatOf(n, "alpha") !== 1
      ? strided(n)
      : { op: "MatMul", domain: "", attributes: {} },
  TimeMajorMatMul: strided,
  CachedAttention: (n) => ({ op: "GroupQueryAttention", domain: MICROSOFT, attributes: n.attributes }),
  RmsNorm: (n) => ({ op: "SimplifiedLayerNormalization", domain: "", attributes: norm(n) }),
  LayerNorm: (n) => ({ op: "LayerNormalization", domain: "", attributes: norm(n) }),
  Silu: () => ({ op: "QuickGelu", domain: MICROSOFT, attributes: { alpha: float(1) } }),
  GeluTanh: () => ({ op: "Gelu", domain: "", attributes: { approximate: "tanh" } }),
  GeluErf: () => ({ op: "Gelu", domain: "", attributes: { approximate: "none" } }),
  Rope: (n) => ({
    op: "RotaryEmbedding",
    domain: "",
    attributes: { num_heads: n.attributes.heads as number, interleaved: 0 },
  }),
};

/** IR-only names that are ordinary ONNX ops in a file. */
const aliases: Readonly<Record<string, string>> = {
  StopGradient: "Identity",
  DynamicReshape: "Reshape",
  DynamicSplit: "Split",
};

/** Whether an op exists in graphs only and becomes something else in a file. */
export const isMacro = (op: string): boolean => Object.hasOwn(kernels, op) || Object.hasOwn(aliases, op);

/**
 * ONNX model bytes of the live part of a graph. Inputs nothing depends on are left out.
 * @param opset - ai.onnx operator set, default 23 (rotary embedding needs it on the `ort` target)
 */
export function serialize(source: Graph, target: Target = "ort", opset = 23): Uint8Array {
  const graph = target === "portable" ? decompose(source) : source;
  const live = graph.liveNodes();
  const names = new Map<Value, string>();
  const taken = new Set(graph.outputs.map((o) => o.name));
  // Imported models bring names of their own, so generated ones step aside.
  const unique = (name: string): string => (taken.has(name) ? unique(`${name}_`) : name);
  const assign = (v: Value, name: string): void => {
    names.set(v, name);
    taken.add(name);
  };
  for (const v of [...graph.inputs, ...graph.initializers.keys()]) if (v.name !== undefined) assign(v, v.name);
  const copied: [Value, string][] = []; // inputs, constants and values with a second output name
  for (const { name, value } of graph.outputs) {
    if (value.producer && !names.has(value)) names.set(value, name);
    else copied.push([value, name]);
  }
  for (const v of graph.initializers.keys()) if (!names.has(v)) assign(v, unique(`constant:${v.id}`));
  for (const node of live) for (const v of node.outputs) if (!names.has(v)) assign(v, unique(`value:${v.id}`));
  const nameOf = (v: Value): string => names.get(v) as string;
  const used = new Set<Value>(graph.outputs.map((o) => o.value));
  for (const node of live) for (const x of node.inputs) if (x) used.add(x);
  const dynamic = graph.inputs.some((v) => v.symbols !== undefined); // then outputs' shapes are nominal
  return encodeModel({
    opset,
    nodes: [
      ...live.map((node) => ({
        ...(ownEntry(kernels, node.op)?.(node) ?? {
          op: ownEntry(aliases, node.op) ?? String(node.attributes._op ?? node.op),
          domain: String(node.attributes._domain ?? ""),
          attributes: node.attributes,
        }),
        inputs: node.inputs.map((x) => (x ? nameOf(x) : "")),
        outputs: node.outputs.map(nameOf),
      })),
      ...copied.map(([value, name]) => ({
        op: "Identity",
        domain: "",
        inputs: [nameOf(value)],
        outputs: [name],
        attributes: {},
      })),
    ],
    inputs: graph.inputs
      .filter((v) => used.has(v))
      .map((v) => ({ name: nameOf(v), dtype: v.dtype, shape: v.shape, symbols: v.symbols })),
    outputs: graph.outputs.map(({ name, value }) => ({
      name,
      dtype: value.dtype,
      shape: dynamic ? undefined : value.shape,
    })),
    initializers: [...graph.initializers]
      .filter(([v]) => used.has(v))
      .map(([v, init]) => ({ name: nameOf(v), dtype: v.dtype, shape: v.shape, init })),
  });
}
