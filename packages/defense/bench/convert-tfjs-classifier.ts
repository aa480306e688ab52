/**
 * Writes a TensorFlow.js layers model of the MobileNet kind as ONNX, for a guard's first tier:
 * `npm pack nsfwjs@4.4.0 && tar xzf nsfwjs-4.4.0.tgz && npx tsx bench/convert-tfjs-classifier.ts package/dist/models/mobilenet_v2 nsfw.onnx`
 * The weights stay with who downloaded them; nothing of them is in this repository. Layers that it does not know it refuses by name.
 */
import { readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { encodeModel, type ModelDefinition, type NodeDefinition } from "@videosafety/onnx-autodiff";

interface Layer {
  readonly name: string;
  readonly class_name: string;
  readonly config: Record<string, unknown>;
  readonly inbound_nodes: readonly (readonly (readonly [string, number, number, object])[])[];
}
interface Weight {
  readonly name: string;
  readonly shape: number[];
  readonly dtype: string;
  readonly quantization?: { readonly min: number; readonly scale: number; readonly dtype: "uint8" | "uint16" };
}
interface LayersModel {
  readonly modelTopology: {
    readonly model_config: {
      readonly config: { readonly layers: Layer[]; readonly output_layers: [string, number, number][] };
    };
  };
  readonly weightsManifest: { readonly weights: Weight[] }[];
}

const [folder, out] = process.argv.slice(2);
if (folder === undefined || out === undefined) throw new Error("usage: convert-tfjs-classifier.ts FOLDER OUT.onnx");
const require = createRequire(import.meta.url);
const load = (name: string): unknown => {
  const loaded = require(resolve(folder, name)) as { default?: unknown };
  return loaded.default ?? loaded;
};
const model = load("model.min.js") as LayersModel;
const shards = readdirSync(folder)
  .filter((name) => /^group1-shard/.test(name))
  .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
const bytes = Buffer.concat(shards.map((name) => Buffer.from(load(name) as string, "base64")));

const tensors = new Map<string, { data: Float32Array; shape: number[] }>();
let at = 0;
for (const { name, shape, dtype, quantization } of model.weightsManifest.flatMap(({ weights }) => weights)) {
  if (dtype !== "float32") throw new Error(`${name}: expected float32, found ${dtype}`);
  const count = shape.reduce((a, b) => a * b, 1);
  const width = quantization === undefined ? 4 : quantization.dtype === "uint8" ? 1 : 2;
  const read = (i: number): number =>
    quantization === undefined
      ? bytes.readFloatLE(at + 4 * i)
      : (width === 1 ? (bytes[at + i] as number) : bytes.readUInt16LE(at + 2 * i)) * quantization.scale +
        quantization.min;
  tensors.set(name, { data: Float32Array.from({ length: count }, (_, i) => read(i)), shape });
  at += count * width;
}
if (at !== bytes.length) throw new Error(`expected ${at} bytes of weights, found ${bytes.length}`);

const nodes: NodeDefinition[] = [];
const initializers: ModelDefinition["initializers"][number][] = [];
const constant = (name: string, data: Float32Array | BigInt64Array, shape: number[]): string => {
  initializers.push({
    name,
    dtype: data instanceof Float32Array ? "float32" : "int64",
    shape,
    init: { kind: "inline", data },
  });
  return name;
};
const node = (op: string, inputs: string[], output: string, attributes: Record<string, unknown> = {}): string => {
  nodes.push({ op, domain: "", inputs, outputs: [output], attributes: attributes as never });
  return output;
};
/** Order of a tensor's axes changed: `axes[i]` is the old axis that comes to place i. */
function permuted(
  { data, shape }: { data: Float32Array; shape: number[] },
  axes: number[],
): { data: Float32Array; shape: number[] } {
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
  const to = axes.map((axis) => shape[axis] as number);
  const moved = new Float32Array(data.length);
  const index = new Array<number>(to.length).fill(0);
  for (let i = 0; i < moved.length; i++) {
    moved[i] = data[axes.reduce((sum, axis, k) => sum + (index[k] as number) * (strides[axis] as number), 0)] as number;
    for (let k = to.length - 1; k >= 0; k--) {
      index[k] = (index[k] as number) + 1;
      if ((index[k] as number) < (to[k] as number)) break;
      index[k] = 0;
    }
  }
  return { data: moved, shape: to };
}
const values = new Map<string, string>();
const weight = (name: string) =>
  tensors.get(name) ??
  (() => {
    throw new Error(`expected the weight ${name}, found none`);
  })();
const padding = (kind: unknown): object => (kind === "same" ? { auto_pad: "SAME_UPPER" } : { auto_pad: "VALID" });

for (const { name, class_name: kind, config, inbound_nodes: inbound } of model.modelTopology.model_config.config
  .layers) {
  const inputs = (inbound[0] ?? []).map(([from]) => values.get(from) as string);
  const input = inputs[0] as string;
  const activate = (value: string): string => {
    const { activation } = config;
    if (activation === undefined || activation === "linear") return value;
    if (activation === "relu") return node("Relu", [value], `${name}:relu`);
    if (activation === "softmax") return node("Softmax", [value], `${name}:softmax`, { axis: -1 });
    throw new Error(`layer ${name}: expected the activation linear, relu or softmax, found ${String(activation)}`);
  };
  const bias = (length: number): string[] =>
    config.use_bias === true ? [constant(`${name}/bias`, weight(`${name}/bias`).data, [length])] : [];
  switch (kind) {
    case "InputLayer":
      values.set(name, node("Transpose", ["images"], "channels-first", { perm: [0, 3, 1, 2] }));
      break;
    case "ZeroPadding2D": {
      const [[top, bottom], [left, right]] = config.padding as [[number, number], [number, number]];
      const pads = constant(`${name}/pads`, BigInt64Array.from([0, 0, top, left, 0, 0, bottom, right], BigInt), [8]);
      values.set(name, node("Pad", [input, pads], name, { mode: "constant" }));
      break;
    }
    case "Conv2D": {
      const kernel = permuted(weight(`${name}/kernel`), [3, 2, 0, 1]);
      const inputsOf = [
        input,
        constant(`${name}/kernel`, kernel.data, kernel.shape),
        ...bias(kernel.shape[0] as number),
      ];
      values.set(name, activate(node("Conv", inputsOf, name, { strides: config.strides, ...padding(config.padding) })));
      break;
    }
    case "DepthwiseConv2D": {
      const kernel = permuted(weight(`${name}/depthwise_kernel`), [2, 3, 0, 1]);
      const inputsOf = [
        input,
        constant(`${name}/kernel`, kernel.data, kernel.shape),
        ...bias(kernel.shape[0] as number),
      ];
      values.set(
        name,
        activate(
          node("Conv", inputsOf, name, { group: kernel.shape[0], strides: config.strides, ...padding(config.padding) }),
        ),
      );
      break;
    }
    case "BatchNormalization": {
      const parts = ["gamma", "beta", "moving_mean", "moving_variance"].map((part) => {
        const { data, shape } = weight(`${name}/${part}`);
        return constant(`${name}/${part}`, data, shape);
      });
      values.set(name, node("BatchNormalization", [input, ...parts], name, { epsilon: { float: config.epsilon } }));
      break;
    }
    case "ReLU": {
      const most = config.max_value as number | null;
      const bounds = [
        constant(`${name}/low`, Float32Array.of(0), []),
        ...(most === null ? [] : [constant(`${name}/high`, Float32Array.of(most), [])]),
      ];
      values.set(name, node("Clip", [input, ...bounds], name));
      break;
    }
    case "Add":
      values.set(name, node("Add", inputs, name));
      break;
    case "AveragePooling2D":
      values.set(
        name,
        node("AveragePool", [input], name, {
          kernel_shape: config.pool_size,
          strides: config.strides,
          ...padding(config.padding),
        }),
      );
      break;
    case "Flatten": {
      const last = node("Transpose", [input], `${name}:channels-last`, { perm: [0, 2, 3, 1] });
      values.set(name, node("Flatten", [last], name, { axis: 1 }));
      break;
    }
    case "Dense": {
      const { data, shape } = weight(`${name}/kernel`);
      const product = node("MatMul", [input, constant(`${name}/kernel`, data, shape)], `${name}:product`);
      const [own] = bias(shape[1] as number);
      values.set(name, activate(own === undefined ? product : node("Add", [product, own], name)));
      break;
    }
    case "Dropout":
      values.set(name, input);
      break;
    default:
      throw new Error(`layer ${name}: ${kind} is not converted`);
  }
}
const [last] = model.modelTopology.model_config.config.output_layers[0] as [string, number, number];
const inputShape = (model.modelTopology.model_config.config.layers[0] as Layer).config.batch_input_shape;
const size = (inputShape as number[])[1] as number;
const output = node("Identity", [values.get(last) as string], "probabilities");
const definition: ModelDefinition = {
  opset: 17,
  nodes,
  inputs: [{ name: "images", dtype: "float32", shape: [1, size, size, 3], symbols: { 0: "frames" } }],
  outputs: [{ name: output, dtype: "float32", shape: undefined }],
  initializers,
};
writeFileSync(out, encodeModel(definition) as Uint8Array);
writeFileSync(
  join(out.replace(/\.onnx$/, ".settings.json")),
  `${JSON.stringify({ size, layout: "nhwc", harmful: [1, 3] })}\n`,
);
process.stdout.write(`${out}: ${nodes.length} nodes, ${tensors.size} weights\n`);
