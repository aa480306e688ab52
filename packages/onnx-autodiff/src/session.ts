import { FeedError } from "./errors.js";
import type { Graph, Value } from "./graph.js";
import type { Target } from "./onnx/serialize.js";
import { sizeOf, type Tensor, type TypedData } from "./tensor.js";

/** How a graph is compiled. */
export interface SessionOptions {
  /** Lowering; default `ort` on the CPU provider for graphs without float64, else `portable`. */
  readonly target?: Target;
  /** ai.onnx operator set, default 23. */
  readonly opset?: number;
  /** onnxruntime execution providers in order of preference, default `["cpu"]`. */
  readonly providers?: readonly string[];
  /** Threads inside an op, default all cores. */
  readonly threads?: number;
  /** One arena planned per shape: fastest, but 40 % more memory (default true). */
  readonly memoryPattern?: boolean;
  /**
   * Keep freed CPU memory in an arena of onnxruntime, one per session (default false: back to the system's allocator). With inputs of many shapes an
   * arena grows with each, and is never returned (docs/experiments/onnx-autodiff.md).
   */
  readonly arena?: boolean;
  /** Repack weights for faster small products (default true). False keeps external weights memory-mapped and shared between sessions. */
  readonly prepacking?: boolean;
  /** Directory of external initializers. */
  readonly externalDataDirectory?: string;
  /** Further onnxruntime session options, merged last. */
  readonly sessionOptions?: Readonly<Record<string, unknown>>;
}

/** Data for an input or a pre-allocated output: the array alone where the shape is static. */
export type Feed = TypedData | Tensor;

/** Options of one run. */
export interface RunOptions {
  /** Output names to compute, or buffers to write them to. Default: every output, freshly allocated. */
  readonly fetches?: readonly string[] | Readonly<Record<string, Feed>>;
}

/** A compiled graph. */
export interface Session {
  /** Inputs that must be fed (declared inputs nothing depends on are dropped, and ignored when fed). */
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** The lowering in use. */
  readonly target: Target;
  /** Runs the graph. @throws FeedError on missing, unknown or wrongly sized feeds, or after dispose */
  run(feeds: Readonly<Record<string, Feed>>, options?: RunOptions): Promise<Record<string, Tensor>>;
  /** Frees native memory; further runs throw. Idempotent. */
  dispose(): Promise<void>;
  /** Same as `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The part of onnxruntime's session this package uses. */
export interface NativeSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: never, fetches?: never): Promise<unknown>;
  release(): Promise<void>;
}
/** onnxruntime's tensor constructor. */
export type NativeTensor = new (type: string, data: TypedData, dims: readonly number[]) => Tensor;

/** Checks options and returns what both the Node and the browser entry need. */
export function prepareSession(
  graph: Graph,
  options: SessionOptions,
): {
  target: Target;
  sessionOptions: Record<string, unknown>;
  wrap: (session: NativeSession, tensor: NativeTensor) => Session;
} {
  const providers = options.providers ?? ["cpu"];
  const double = graph.liveNodes().some((node) => node.outputs.some((y) => y.dtype === "float64"));
  const target = options.target ?? (double || providers.some((p) => p !== "cpu") ? "portable" : "ort");
  const config: Record<string, string> = {};
  if (options.prepacking === false) config.disable_prepacking = "1";
  if (options.externalDataDirectory !== undefined) {
    config.model_external_initializers_file_folder_path = options.externalDataDirectory;
  }
  const sessionOptions = {
    // Above "basic", onnxruntime turns float64 x sigmoid(x) into a kernel that only exists for float32.
    graphOptimizationLevel: double ? "basic" : "all",
    executionProviders: [...providers],
    logSeverityLevel: 3, // errors only, and those throw
    enableMemPattern: options.memoryPattern ?? true,
    enableCpuMemArena: options.arena ?? false,
    ...(Object.keys(config).length > 0 ? { extra: { session: config } } : {}),
    ...options.sessionOptions,
  };
  return { target, sessionOptions, wrap: (session, tensor) => new GraphSession(graph, target, session, tensor) };
}

class GraphSession implements Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly #inputs: ReadonlyMap<string, Value>;
  readonly #outputs: ReadonlyMap<string, Value>;
  #native: NativeSession | undefined;

  constructor(
    graph: Graph,
    readonly target: Target,
    native: NativeSession,
    private readonly tensor: NativeTensor,
  ) {
    this.#native = native;
    this.inputNames = [...native.inputNames];
    this.outputNames = [...native.outputNames];
    this.#inputs = new Map(graph.inputs.map((v) => [v.name as string, v]));
    this.#outputs = new Map(graph.outputs.map(({ name, value }) => [name, value]));
  }

  async run(feeds: Readonly<Record<string, Feed>>, options: RunOptions = {}): Promise<Record<string, Tensor>> {
    if (!this.#native) throw new FeedError("run: the session is disposed; create a new one");
    const tensors: Record<string, Tensor> = {};
    for (const name of this.inputNames) {
      const feed = feeds[name];
      if (!feed) throw new FeedError(`run: input ${name} is missing; this graph needs ${this.inputNames.join(", ")}`);
      tensors[name] = this.#bind(name, this.#inputs.get(name) as Value, feed);
    }
    for (const name of Object.keys(feeds)) {
      if (!this.#inputs.has(name))
        throw new FeedError(`run: the graph has no input ${name}; it has ${[...this.#inputs.keys()].join(", ")}`);
    }
    return (await this.#native.run(tensors as never, this.#fetches(options.fetches) as never)) as Record<
      string,
      Tensor
    >;
  }

  async dispose(): Promise<void> {
    const native = this.#native;
    this.#native = undefined;
    await native?.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #fetches(fetches: RunOptions["fetches"]): unknown {
    if (!fetches) return this.outputNames;
    const bound: Record<string, Tensor> = {};
    const list = Array.isArray(fetches) ? (fetches as readonly string[]) : Object.keys(fetches);
    for (const name of list) {
      const value = this.#outputs.get(name);
      if (!value) throw new FeedError(`run: the graph has no output ${name}; it has ${this.outputNames.join(", ")}`);
      const feed = (fetches as Readonly<Record<string, Feed>>)[name];
      if (!Array.isArray(fetches) && feed) bound[name] = this.#bind(name, value, feed);
    }
    return Array.isArray(fetches) ? fetches : bound;
  }

  #bind(name: string, value: Value, feed: Feed): Tensor {
    const { data, dims } = "dims" in feed ? feed : { data: feed, dims: this.#dims(name, value, feed.length) };
    const fits =
      dims.length === value.shape.length &&
      dims.every((d, i) => value.symbols?.[i] !== undefined || d === value.shape[i]);
    // Outputs of graphs with symbolic axes have nominal shapes, so only their size can be checked.
    if (!fits && value.producer === undefined)
      throw new FeedError(`run: ${name} expects ${value.dtype}[${value.shape}], found [${dims}]`);
    if (data.length !== sizeOf(dims))
      throw new FeedError(`run: ${name} [${dims}] needs ${sizeOf(dims)} elements, found ${data.length}`);
    if (dims.includes(0))
      throw new FeedError(
        `run: ${name} [${dims}] is empty, and empty operands crash onnxruntime; keep one masked dummy row`,
      );
    if (typeof SharedArrayBuffer !== "undefined" && data.buffer instanceof SharedArrayBuffer) {
      throw new FeedError(`run: ${name} lies in a SharedArrayBuffer, which onnxruntime cannot read; copy it`);
    }
    const Expected = ARRAYS[value.dtype];
    if (!Expected || !(data instanceof Expected)) {
      throw new FeedError(
        `run: ${name} is ${value.dtype}, which needs ${Expected?.name ?? "another dtype"}, found ${data.constructor.name}`,
      );
    }
    return new this.tensor(value.dtype, data, dims);
  }

  /** The static shape, or with one symbolic axis the shape that fits the data. */
  #dims(name: string, value: Value, length: number): readonly number[] {
    const dynamic = Object.keys(value.symbols ?? {});
    if (dynamic.length === 0) return value.shape;
    if (dynamic.length > 1) throw new FeedError(`run: ${name} has ${dynamic.length} dynamic axes; pass { data, dims }`);
    const axis = Number(dynamic[0]);
    const rest = sizeOf(value.shape.filter((_, i) => i !== axis));
    return value.shape.map((d, i) => (i === axis ? length / rest : d));
  }
}

const ARRAYS: Readonly<Record<string, abstract new (...args: never[]) => TypedData>> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};
