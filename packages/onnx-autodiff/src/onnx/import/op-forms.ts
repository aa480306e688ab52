import type { OnnxNode } from "../reader.js";
import { nodeError } from "./context.js";

/** Newest ai.onnx operator set that was compared with this package's importers (onnx 1.23). */
export const NEWEST_OPSET = 28;

/**
 * The attributes that each importer obeys, per ai.onnx operator set: `min<11` belongs to sets before 11, `num_outputs>=18` to those
 * from 18 on. Anything else a node carries is refused by name: an attribute that is passed over would change the numbers silently.
 */
const LEGACY_BROADCAST = "axis<7 broadcast<7 consumed_inputs<6";
const REDUCTION_18 = "axes<18 keepdims noop_with_empty_axes>=18";
const NORM = "axis epsilon stash_type";
const ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ["Constant", "value value_int value_ints value_float value_floats"],
  ["Shape", "start>=15 end>=15"],
  ["ConstantOfShape", "value"],
  ...["Add", "Sub", "Mul", "Div", "Pow", "Equal", "Less", "Greater", "And", "Or"].map(
    (op) => [op, LEGACY_BROADCAST] as const,
  ),
  ...["Min", "Max", "Sum", "Neg", "Exp", "Log", "Sqrt", "Reciprocal", "Tanh", "Sigmoid", "Relu", "Abs"].map(
    (op) => [op, "consumed_inputs<6"] as const,
  ),
  ["LeakyRelu", "alpha consumed_inputs<6"],
  ["Dropout", "ratio<12 seed>=12 is_test<7 consumed_inputs<6"],
  ["Cast", "to saturate>=19"],
  ["Clip", "min<11 max<11 consumed_inputs<6"],
  ["Gelu", "approximate"],
  ["QuickGelu", "alpha"],
  ["Gemm", "alpha beta transA transB broadcast<7"],
  ["FusedMatMul", "alpha transA transB transBatchA transBatchB"],
  ["Conv", "auto_pad dilations group kernel_shape pads strides"],
  ["Reshape", "shape<5 consumed_inputs<5 allowzero>=14"],
  ["Flatten", "axis"],
  ["Squeeze", "axes<13"],
  ["Unsqueeze", "axes<13"],
  ["Transpose", "perm"],
  ["Concat", "axis"],
  ["Split", "axis split<13 num_outputs>=18"],
  ["Slice", "starts<10 ends<10 axes<10"],
  ["Pad", "mode paddings<2 pads<11 value<11"],
  ["Trilu", "upper"],
  ["Gather", "axis"],
  ["GatherElements", "axis"],
  ["ReduceSum", "axes<13 keepdims noop_with_empty_axes>=13"],
  ["ReduceMean", REDUCTION_18],
  ["ReduceMax", REDUCTION_18],
  ["Softmax", "axis"],
  ["LogSoftmax", "axis"],
  ["LayerNormalization", NORM],
  ["RMSNormalization", NORM],
  ["SimplifiedLayerNormalization", NORM],
  ["RotaryEmbedding", "interleaved num_heads rotary_embedding_dim"],
]);

/** Ops of onnxruntime's own set that have importers; all other importers are for ai.onnx. */
const MICROSOFT: ReadonlySet<string> = new Set(["FusedMatMul", "QuickGelu"]);

/** Whether an importer of this name is meant for ops of this domain: another domain's Gelu is another op. */
export function isImported(op: string, domain: string): boolean {
  return domain === (MICROSOFT.has(op) ? "com.microsoft" : "");
}

/** @throws GraphError when the node carries an attribute that its importer does not obey */
export function checkAttributes(node: OnnxNode, opset: number): void {
  if (node.attributes.size === 0) return;
  const forms = (ATTRIBUTES.get(node.op) ?? "").split(" ");
  for (const name of node.attributes.keys()) {
    const form = forms.find((text) => text.split(/[<>]/)[0] === name);
    const [, before] = form?.split("<") ?? [];
    const [, from] = form?.split(">=") ?? [];
    if (form === undefined || opset >= Number(before ?? Infinity) || opset < Number(from ?? 0))
      throw nodeError(
        node,
        `attribute ${name} is not supported in operator set ${opset}; expected one of: ${forms.join(", ") || "none"}`,
      );
  }
}

/**
 * Ops without an importer are written back as they are, in the form of operator set 23. Those of an older set are refused when the op
 * has changed since: another form of its operands or attributes, or another meaning of what is left out.
 * Source: the schemas of onnx 1.23 with their history.
 */
const CHANGED_IN: ReadonlyMap<string, number> = new Map([
  ...["Ceil", "Elu", "Floor", "HardSigmoid", "InstanceNormalization", "Selu", "Tile"].map((op) => [op, 6] as const),
  ...["GRU", "LSTM", "PRelu", "RNN", "Xor"].map((op) => [op, 7] as const),
  ...["ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMin", "ReduceProd", "ReduceSumSquare"].map(
    (op) => [op, 18] as const,
  ),
  ["BatchNormalization", 9],
  ["DFT", 20],
  ["GlobalLpPool", 2],
  ["GridSample", 20],
  ["GroupNormalization", 21],
  ["Hardmax", 13],
  ["LpPool", 2],
  ["Mean", 8],
  ["Resize", 11],
  ["RoiAlign", 16],
  ["Scan", 9],
  ["TopK", 10],
]);
/** Ops that newer sets have no more, and what took their place. */
const REMOVED: ReadonlyMap<string, string> = new Map([
  ["Upsample", "Resize"],
  ["Scatter", "ScatterElements"],
]);

/** @throws GraphError for an op whose form of the file's operator set is not that of set 23 */
export function checkKept(node: OnnxNode, opset: number): void {
  if (node.domain !== "") return;
  const successor = REMOVED.get(node.op);
  if (successor)
    throw nodeError(node, `the op was replaced by ${successor}; convert the model to operator set 23 first`);
  const changed = CHANGED_IN.get(node.op);
  if (changed !== undefined && opset < changed)
    throw nodeError(
      node,
      `the op changed in operator set ${changed} and the file is of set ${opset}; convert the model to operator set 23 first`,
    );
}
