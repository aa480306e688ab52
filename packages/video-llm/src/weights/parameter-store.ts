import type { ParameterGroup } from "@videosafety/alarm-tokens";
import {
  createRng,
  type FrozenKernel,
  type FrozenStorage,
  frozenWeight,
  type Graph,
  type Params,
  sizeOf,
  type TypedData,
  type Value,
} from "@videosafety/onnx-autodiff";
import { seedOf } from "@videosafety/random";
import type { GraphDType } from "../config/graph-dtype.js";
import { OptionsError } from "../errors.js";
import { isFrozen } from "./frozen-tensor.js";
import type { LoraAdapters } from "./lora.js";
import type { ParameterSpec } from "./parameter-spec.js";
import type { TrainableTensor } from "./trainable-tensor.js";

/** Fresh values of every tensor, each from its own seeded generator, so that a change of depth leaves the others alone. */
export function freshTensor(spec: ParameterSpec, seed: number): TrainableTensor {
  const data = new Float32Array(sizeOf(spec.dims));
  if (spec.init === "ones") data.fill(1);
  else if (typeof spec.init === "number") {
    const rng = createRng((seedOf(spec.name) ^ Math.imul(seed, 0x9e3779b1)) >>> 0);
    for (let i = 0; i < data.length; i++) data[i] = rng.normal() * spec.init;
  }
  return { data, dims: spec.dims, group: spec.group };
}

/** Default of `maxConstantBytes`: half of what a graph may hold, since the optimizer may add folded constants. */
export const MAX_CONSTANT_BYTES = 2 ** 30;

/**
 * The model's tensors. Those that were ever handed out for training are *live*: graphs take them as feeds, so that an
 * update needs no new session. The others are constants inside the graphs.
 */
export class ParameterStore {
  /** Grows with every `changed()`: what was computed from older values is stale. */
  version = 0;
  /** Grows when a tensor becomes live: graphs built before must be built again. */
  liveVersion = 0;
  /** The adapters' settings once there are adapters. */
  lora: LoraAdapters | null = null;
  /** Whether the base stays in its files: then only LoRA, alarm tokens and heads can be trained. */
  readonly frozenBase: boolean = false;
  readonly #tensors: Map<string, TrainableTensor>;
  readonly #live = new Set<string>();
  #visionFingerprint = { version: -1, value: 0 };
  /** Changes when weights that are no feeds were written to. */
  #baseVersion = 0;

  /** Whether every tensor is fed: a graph that holds its weights cannot pass 2 GiB (protobuf's limit). */
  readonly #feedAll: boolean;

  /** @param maxConstantBytes a model with more bytes of weights than this keeps none of them inside graphs. */
  constructor(tensors: ReadonlyMap<string, TrainableTensor>, maxConstantBytes = MAX_CONSTANT_BYTES) {
    this.#tensors = new Map(tensors);
    let bytes = 0;
    for (const tensor of tensors.values()) {
      if (isFrozen(tensor)) this.frozenBase = true;
      else bytes += tensor.data.byteLength;
    }
    this.#feedAll = bytes > maxConstantBytes;
  }

  /** Every tensor by the authors' name. */
  get tensors(): ReadonlyMap<string, TrainableTensor> {
    return this.#tensors;
  }

  /**
   * Adds low-rank adapters; graphs built before must be built again. Weights that came with them (`originals`) become live,
   * so that a reference can be computed without them.
   */
  addLora(adapters: LoraAdapters, tensors: ReadonlyMap<string, TrainableTensor>): void {
    for (const [name, tensor] of tensors) this.#tensors.set(name, tensor);
    for (const name of adapters.originals.keys()) this.#live.add(name);
    this.lora = adapters;
    this.#baseVersion += adapters.merged.size;
    this.liveVersion += 1;
    this.version += 1;
  }

  /** Marks the tensors of some groups as live and returns them. @throws OptionsError for groups of a frozen base */
  select(groups: readonly ParameterGroup[]): Map<string, TrainableTensor> {
    const base = groups.filter((group) => group === "llm" || group === "projector" || group === "visionEncoder");
    if (this.frozenBase && base.length > 0) {
      throw new OptionsError(
        `expected groups among lora, alarmTokens and classifiers, found ${base.join(", ")}, which are frozen; load the model with precision float32 and without memoryMap to train them`,
      );
    }
    const selected = new Map<string, TrainableTensor>();
    for (const [name, tensor] of this.tensors) {
      if (!groups.includes(tensor.group)) continue;
      selected.set(name, tensor);
      if (!this.#live.has(name)) this.liveVersion += 1;
      this.#live.add(name);
    }
    return selected;
  }

  /** Tells that live tensors were written to. */
  changed(): void {
    this.version += 1;
  }

  /** A number that changes when the vision encoder or the projector does: features encoded under another are stale. */
  visionFingerprint(): number {
    const cached = this.#visionFingerprint;
    if (cached.version === this.version) return cached.value;
    let hash = this.#baseVersion;
    for (const name of this.#live) {
      const { group, data } = this.#get(name);
      if (group !== "visionEncoder" && group !== "projector") continue;
      const bits = new Int32Array(data.buffer, data.byteOffset, data.length);
      for (let i = 0; i < bits.length; i++) hash = (Math.imul(hash, 31) + (bits[i] as number)) | 0;
    }
    this.#visionFingerprint = { version: this.version, value: hash };
    return hash;
  }

  /** Live tensors that are inputs of a graph, as feeds, with replacements (a frozen reference's) where given. */
  feeds(names: Iterable<string>, replacements?: ReadonlyMap<string, Float32Array>): Record<string, Float32Array> {
    const feeds: Record<string, Float32Array> = {};
    for (const name of names) feeds[name] = replacements?.get(name) ?? this.#get(name).data;
    return feeds;
  }

  /** Supplies a graph with parameters: inputs for live tensors, constants for the others, mapped ones for a frozen base. */
  params(
    graph: Graph,
    dtype: GraphDType = "float32",
    kernelOf: (storage: FrozenStorage) => FrozenKernel = () => ({}),
  ): { params: Params; inputs: Map<string, Value> } {
    const values = new Map<string, Value>();
    const inputs = new Map<string, Value>();
    const params: Params = (name, dims) => {
      let value = values.get(name);
      if (value === undefined) {
        const tensor = this.#get(name);
        if (isFrozen(tensor) && dtype === "float32") {
          value = frozenWeight(graph, name, dims, tensor.storage, kernelOf(tensor.storage));
          values.set(name, value);
          return value;
        }
        const live = this.#live.has(name) || (this.#feedAll && !isFrozen(tensor));
        const constant = (data: Float32Array): TypedData => (dtype === "float64" ? Float64Array.from(data) : data);
        value = live ? graph.input(name, dtype, dims) : graph.initializer(name, dtype, dims, constant(tensor.data));
        values.set(name, value);
        if (live) inputs.set(name, value);
      }
      return value;
    };
    return { params, inputs };
  }

  #get(name: string): TrainableTensor {
    const tensor = this.tensors.get(name);
    if (tensor === undefined) throw new Error(`no tensor ${name} in the model`);
    return tensor;
  }
}
