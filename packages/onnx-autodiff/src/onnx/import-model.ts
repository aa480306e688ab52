import type { Rng } from "@videosafety/random";
import { FileFormatError, GraphError } from "../errors.js";
import { type Attribute, type Attributes, float, Graph, type Value } from "../graph.js";
import { toFloat32 } from "../io/safetensors.js";
import { add } from "../ops/elementwise.js";
import { matmul } from "../ops/matmul.js";
import { gradientRules } from "../rules/gradient-rules.js";
import { type DType, isFloat, ownEntry, type Shape, type TrainableTensor } from "../tensor.js";
import { constantImporters, fold, tensorValue } from "./import/constants.js";
import { type ImportContext, type Importer, nodeError } from "./import/context.js";
import { elementwiseImporters } from "./import/elementwise.js";
import { layoutImporters } from "./import/layout.js";
import { checkAttributes, checkKept, isImported, NEWEST_OPSET } from "./import/op-forms.js";
import { matrixSize, productImporters } from "./import/products.js";
import { reductionImporters } from "./import/reductions.js";
import type { OnnxModel, OnnxNode, OnnxValue } from "./reader.js";
import { isMacro } from "./serialize.js";
import type { OnnxTensor } from "./tensor-reader.js";

/** Low-rank adapters to insert while importing. */
export interface ImportLora {
  /** Inner size r. */
  readonly rank: number;
  /** Scale numerator: the adapter's output is multiplied by alpha / rank. */
  readonly alpha: number;
  /** Which products get one, by the name of their constant weight matrix and of their node. */
  readonly targets: (weight: string, node: string) => boolean;
  /** Draws lora_A, normal with deviation 1 / rank; lora_B starts at zero, so the model's output does not change. */
  readonly rng: Rng;
}

/** How a model is imported. */
export interface ImportOptions {
  /** Sizes of symbolic dimensions, e.g. `{ batch: 8, sequence: 128 }`. */
  readonly dims?: Readonly<Record<string, number>>;
  /** Which float initializers become trainable inputs. Default: none. */
  readonly trainable?: (name: string, shape: Shape) => boolean;
  /** Adapters to insert; theirs are trainable too. */
  readonly lora?: ImportLora;
  /** Parameter group by name. Default: `"lora"` for adapters, `"model"` for the rest. */
  readonly group?: (name: string) => string;
}

/** A model as a graph that can be extended with a loss and differentiated. */
export interface ImportedModel {
  /** The graph; declare outputs (a loss, gradients) on it. */
  readonly graph: Graph;
  /** The file's inputs. */
  readonly inputs: ReadonlyMap<string, Value>;
  /** The file's outputs, not yet declared as outputs of the graph. */
  readonly outputs: ReadonlyMap<string, Value>;
  /** Every named constant that stayed frozen. */
  readonly frozen: ReadonlyMap<string, Value>;
  /** Trainable inputs. */
  readonly variables: ReadonlyMap<string, Value>;
  /** Live data of the trainable inputs, for the optimizer and as feeds. */
  readonly parameters: ReadonlyMap<string, TrainableTensor>;
}

/** Every op `importModel` knows, by name. */
export const importers: Readonly<Record<string, Importer>> = {
  ...constantImporters,
  ...elementwiseImporters,
  ...layoutImporters,
  ...productImporters,
  ...reductionImporters,
};

/**
 * Turns a parsed model into a graph: chosen initializers become trainable inputs, chosen products get low-rank adapters,
 * the rest is frozen. Shapes are static; arithmetic on shapes is folded away. An op this package does not know is kept
 * as it is when the file declares its outputs' shapes, and stops `grad` with a MissingRuleError if the loss needs it.
 * @throws GraphError naming the node, on a cycle, an undefined value, an open dimension or an unsupported form of an op
 */
export function importModel(model: OnnxModel, options: ImportOptions = {}): ImportedModel {
  if (!(model.opset >= 1 && model.opset <= NEWEST_OPSET))
    throw new GraphError(`import: expected ai.onnx operator set 1 to ${NEWEST_OPSET}, found ${model.opset}`);
  const graph = new Graph();
  const values = new Map<string, Value>();
  const [inputs, frozen, variables] = [new Map<string, Value>(), new Map<string, Value>(), new Map<string, Value>()];
  const parameters = new Map<string, TrainableTensor>();
  const variable = (name: string, shape: Shape, data: Float32Array, fallback: string): Value => {
    const value = graph.input(name, "float32", shape);
    variables.set(name, value);
    parameters.set(name, { data, dims: shape, group: options.group?.(name) ?? fallback });
    return value;
  };
  const context: ImportContext = {
    graph,
    opset: model.opset,
    known: new Map(),
    folded: { elements: 0 },
    adapt: adapter(options.lora, variable),
  };
  const declared = new Map([...model.values, ...model.outputs].map((v) => [v.name, v]));
  const define = (name: string, value: Value): void => {
    if (values.has(name)) throw new GraphError(`import: ${name} is defined twice`);
    values.set(name, value);
  };
  for (const tensor of model.initializers) {
    if (isFloat(tensor.dtype) && options.trainable?.(tensor.name, tensor.shape)) {
      define(tensor.name, variable(tensor.name, tensor.shape, trainableData(tensor), "model"));
    } else {
      const value = tensorValue(context, tensor, tensor.name);
      frozen.set(tensor.name, value);
      define(tensor.name, value);
    }
  }
  for (const input of model.inputs) {
    const value = graph.input(input.name, dtypeOf(input), shapeOf(input, options.dims ?? {}));
    inputs.set(input.name, value);
    define(input.name, value);
  }
  for (const node of topological(model, values)) {
    const operands = node.inputs.map((name) => {
      const value = values.get(name);
      if (name !== "" && !value) throw nodeError(node, `input ${name} is a secondary output that is not supported`);
      return value;
    });
    const results = importNode(node, operands, context, declared, options.dims ?? {});
    node.outputs.forEach((name, i) => {
      const value = results[i];
      if (name !== "" && value) define(name, value);
    });
  }
  const outputs = new Map<string, Value>();
  for (const { name } of model.outputs) {
    const value = values.get(name);
    if (!value) throw new GraphError(`import: output ${name} is never computed`);
    outputs.set(name, value);
  }
  return { graph, inputs, outputs, frozen, variables, parameters };
}

function importNode(
  node: OnnxNode,
  operands: readonly (Value | undefined)[],
  context: ImportContext,
  declared: ReadonlyMap<string, OnnxValue>,
  dims: Readonly<Record<string, number>>,
): readonly Value[] {
  const importer = isImported(node.op, node.domain) ? ownEntry(importers, node.op) : undefined;
  if (importer) {
    checkAttributes(node, context.opset);
    const folded = fold(node, operands, context);
    return folded ? [folded] : importer(node, operands, context);
  }
  checkKept(node, context.opset);
  const specs = node.outputs.map((name) => {
    const value = declared.get(name);
    if (!value?.shape)
      throw nodeError(
        node,
        `the op is not supported and the file declares no shape for ${name}; run ONNX shape inference on it`,
      );
    return { dtype: dtypeOf(value), shape: shapeOf(value, dims) };
  });
  // Names of this package's own ops, which have kernels and gradients of their own, must not be taken by a stranger.
  const own = node.domain !== "" || Object.hasOwn(gradientRules, node.op) || isMacro(node.op);
  return context.graph.node(
    own ? `${node.domain || "ai.onnx"}.${node.op}` : node.op,
    operands.map((v) => v ?? null),
    specs,
    attributesOf(node),
  );
}

function attributesOf(node: OnnxNode): Attributes {
  const found: [string, Attribute][] = [
    ["_name", node.name],
    ["_domain", node.domain],
    ["_op", node.op],
  ];
  for (const [name, attribute] of node.attributes) {
    if (name.startsWith("_")) throw nodeError(node, `attribute ${name}: names that begin with _ cannot be kept`);
    if (attribute.kind === "float") found.push([name, float(attribute.value)]);
    else if (attribute.kind === "int" || attribute.kind === "string" || attribute.kind === "ints")
      found.push([name, attribute.value]);
    else throw nodeError(node, `attribute ${name} (${attribute.kind}) cannot be kept`);
  }
  return Object.fromEntries(found);
}

function adapter(
  lora: ImportLora | undefined,
  variable: (name: string, shape: Shape, data: Float32Array, group: string) => Value,
): ImportContext["adapt"] {
  const known = new Map<Value, readonly [Value, Value]>(); // a weight used twice shares its adapter
  return (product, x, weight, transposed, node) => {
    if (!lora || weight.name === undefined || weight.producer || !lora.targets(weight.name, node.name)) return product;
    const { input, output } = matrixSize(weight, transposed);
    const noise = (): Float32Array =>
      Float32Array.from({ length: lora.rank * input }, () => lora.rng.normal() / lora.rank);
    const [a, b] = known.get(weight) ?? [
      variable(`${weight.name}.lora_A`, [lora.rank, input], noise(), "lora"),
      variable(`${weight.name}.lora_B`, [output, lora.rank], new Float32Array(output * lora.rank), "lora"),
    ];
    known.set(weight, [a, b]);
    const low = matmul(x, a, { transposeB: true });
    return add(product, matmul(low, b, { transposeB: true, alpha: lora.alpha / lora.rank }));
  };
}

function trainableData(tensor: OnnxTensor): Float32Array {
  if (!tensor.data)
    throw new FileFormatError(
      `tensor ${tensor.name} lies in external data; only inline initializers can be trained directly. Train adapters instead`,
    );
  if (tensor.dtype !== "float32")
    throw new GraphError(
      `import: ${tensor.name} is ${tensor.dtype}; only float32 initializers can be trained directly`,
    );
  return Float32Array.from(toFloat32({ dtype: tensor.dtype, dims: tensor.shape, data: tensor.data }));
}

function dtypeOf(value: OnnxValue): DType {
  if (!value.dtype) throw new GraphError(`import: ${value.name} has no supported element type`);
  return value.dtype;
}

function shapeOf(value: OnnxValue, dims: Readonly<Record<string, number>>): number[] {
  if (!value.shape) throw new GraphError(`import: ${value.name} declares no shape`);
  return value.shape.map((d, i) => {
    const size = typeof d === "number" ? d : d === null ? undefined : Object.hasOwn(dims, d) ? dims[d] : undefined;
    if (size === undefined)
      throw new GraphError(
        `import: dimension ${i} (${d ?? "open"}) of ${value.name} is dynamic; give its size, e.g. dims: { ${d ?? "batch"}: 1 }`,
      );
    return size;
  });
}

/** Nodes in an order in which every operand is defined; files may list them in any. @throws GraphError on cycles and undefined values */
function topological(model: OnnxModel, values: ReadonlyMap<string, Value>): OnnxNode[] {
  const producers = new Map<string, OnnxNode>();
  for (const node of model.nodes) for (const name of node.outputs) if (name !== "") producers.set(name, node);
  const order: OnnxNode[] = [];
  const state = new Map<OnnxNode, "open" | "done">();
  for (const root of model.nodes) {
    const stack: OnnxNode[] = [root];
    while (stack.length > 0) {
      const node = stack[stack.length - 1] as OnnxNode;
      if (state.get(node) === "done") {
        stack.pop();
        continue;
      }
      state.set(node, "open");
      let waiting = false;
      for (const name of node.inputs) {
        if (name === "" || values.has(name)) continue;
        const producer = producers.get(name);
        if (!producer) throw nodeError(node, `input ${name} is never defined`);
        if (state.get(producer) === "done") continue;
        if (state.get(producer) === "open")
          throw nodeError(node, `a cycle through ${name}: ${stack.map((n) => n.name).join(" <- ")}`);
        stack.push(producer);
        waiting = true;
        break;
      }
      if (waiting) continue;
      state.set(node, "done");
      order.push(node);
      stack.pop();
    }
  }
  return order;
}
