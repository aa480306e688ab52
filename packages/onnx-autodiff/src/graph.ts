import { GraphError, ShapeError } from "./errors.js";
import { BYTES_PER_ELEMENT, type DType, dim, type Shape, sizeOf, type TypedData, toTypedData } from "./tensor.js";

/** A float attribute; plain numbers are integers. */
export interface FloatAttribute {
  readonly float: number;
}
/** Marks a number as a float attribute. */
export const float = (value: number): FloatAttribute => ({ float: value });
/** An op's attribute: integer, float, string, or a list of integers. */
export type Attribute = number | FloatAttribute | string | readonly number[];
/** Attributes by name. Names that start with `_` are kept for gradient rules and never serialised. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** One tensor of a graph: the output of a node, an input, or an initializer. */
export interface Value {
  /** Unique in its graph, increasing in creation order. */
  readonly id: number;
  readonly dtype: DType;
  /** Static dimensions; symbolic axes hold a nominal size that no op may bake in. */
  readonly shape: Shape;
  readonly graph: Graph;
  /** Set on inputs and initializers. */
  readonly name: string | undefined;
  /** Inputs only: axis -> symbol of a dynamic dimension. */
  readonly symbols: Readonly<Record<number, string>> | undefined;
  /** The node that computes it; undefined for inputs and initializers. */
  readonly producer: Node | undefined;
  /** Region outputs: build-time rewrites must not look through them, or gradients would bypass the region. */
  readonly sealed: boolean;
}

type MutableValue = { -readonly [K in keyof Value]: Value[K] };

/** One op application. */
export interface Node {
  /** ONNX op type, or one of the macro ops that `lower` expands. */
  readonly op: string;
  /** Operands; null is an omitted optional one. */
  readonly inputs: readonly (Value | null)[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
}

/** Type and shape of a result about to be created. */
export interface OutputSpec {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** A value or nothing: gradients are undefined where the loss does not depend on a value. */
export type MaybeValue = Value | undefined;

/** Own backward of a region: gradients of its outputs -> gradients of its inputs. `need(i)` tells which are wanted. */
export type RegionVjp = (
  outputGradients: readonly MaybeValue[],
  need: (input: number) => boolean,
) => readonly MaybeValue[];

/** Builds a region's backward from the values its (possibly replayed) instance was given and made. */
export type MakeRegionVjp = (inputs: readonly Value[], outputs: readonly Value[]) => RegionVjp;

/** A differentiation unit: a checkpoint (recomputed in the backward pass) or, with `makeVjp`, an op with its own backward. */
export interface Region {
  /** Values passed to the body. */
  readonly inputs: readonly Value[];
  /** Values the body returned. */
  readonly outputs: readonly Value[];
  /** What the body emitted. */
  readonly items: readonly Item[];
  /** Own backward; undefined makes it a checkpoint. */
  readonly makeVjp: MakeRegionVjp | undefined;
}
/** What a tape holds. */
export type Item = Node | Region;
/** Tells regions from nodes. */
export const isRegion = (item: Item): item is Region => "items" in item;

/** Bytes of an initializer: in memory, or in a file next to the model that onnxruntime maps. */
export type Initializer =
  | { readonly kind: "inline"; readonly data: TypedData }
  | { readonly kind: "external"; readonly location: string; readonly offset: number; readonly length: number };

/**
 * A statically shaped, append-only graph. Ops append nodes, so creation order is a topological order and a cycle cannot
 * be built. Symbolic axes (`symbols`) are for graphs whose caches grow.
 *
 * ```ts
 * const graph = new Graph();
 * const x = graph.input("x", "float32", [2, 3]);
 * graph.output("y", mul(x, x));
 * ```
 */
export class Graph {
  /** Inputs in declaration order. */
  readonly inputs: Value[] = [];
  /** Outputs in declaration order. */
  readonly outputs: { readonly name: string; readonly value: Value }[] = [];
  /** Constants by value. */
  readonly initializers = new Map<Value, Initializer>();
  /** Everything emitted so far. */
  readonly tape: Item[] = [];
  #stack: Item[][] = [this.tape];
  #nextId = 0;
  #names = new Set<string>();
  #scalars = new Map<string, Value>();
  #vectors = new Map<string, Value>();

  /** Declares an input. `symbols` names dynamic axes, whose entry in `shape` is nominal. @throws GraphError on a used name. */
  input(name: string, dtype: DType, shape: Shape, symbols?: Readonly<Record<number, string>>): Value {
    const value = this.#value(dtype, shape, name, symbols);
    this.inputs.push(value);
    return value;
  }

  /**
   * A constant: in memory, or external (bytes of a file that onnxruntime memory-maps).
   * @throws ShapeError when the data does not have the size of the shape; GraphError on a used name.
   */
  initializer(name: string | undefined, dtype: DType, shape: Shape, data: TypedData | Initializer): Value {
    const init: Initializer = "kind" in data ? data : { kind: "inline", data };
    const found = init.kind === "inline" ? init.data.length : init.length;
    const packed = init.kind === "external" || dtype === "uint4";
    const expected = Math.ceil(sizeOf(shape) * (packed && dtype !== "string" ? BYTES_PER_ELEMENT[dtype] : 1));
    if (found !== expected) {
      const unit = init.kind === "inline" ? "elements" : "bytes";
      throw new ShapeError(
        `initializer ${name ?? "(unnamed)"} ${dtype}[${shape}]: expected ${expected} ${unit}, found ${found}`,
      );
    }
    const value = this.#value(dtype, shape, name);
    this.initializers.set(value, init);
    return value;
  }

  /** Declares an output. @throws GraphError on a used name or a value of another graph. */
  output(name: string, value: Value): void {
    this.#own(value, `output ${name}`);
    if (this.outputs.some((o) => o.name === name)) throw new GraphError(`output ${name} is declared twice`);
    if (this.#names.has(name))
      throw new GraphError(`output ${name} has the name of an input or initializer; choose another`);
    this.outputs.push({ name, value });
  }

  /** A scalar constant, shared between uses. */
  scalar(value: number, dtype: DType): Value {
    const key = `${dtype}:${Object.is(value, -0) ? "-0" : value}`;
    let found = this.#scalars.get(key);
    if (!found) {
      found = this.initializer(undefined, dtype, [], toTypedData(dtype, [value]));
      this.#scalars.set(key, found);
    }
    return found;
  }

  /** An int64 vector constant (shapes, axes, split sizes), shared between uses. */
  int64(values: readonly number[]): Value {
    const key = values.join(",");
    let found = this.#vectors.get(key);
    if (!found) {
      const bad = values.find((x) => !Number.isSafeInteger(x));
      if (bad !== undefined) throw new ShapeError(`expected whole numbers for an int64 vector, found ${bad}`);
      found = this.initializer(undefined, "int64", [values.length], BigInt64Array.from(values, BigInt));
      this.#vectors.set(key, found);
    }
    return found;
  }

  /** Appends a node: the low-level way in, for ops without a constructor. @throws GraphError on values of another graph. */
  node(
    op: string,
    inputs: readonly (Value | null)[],
    specs: readonly OutputSpec[],
    attributes: Attributes = {},
  ): Value[] {
    for (const value of inputs) if (value) this.#own(value, op);
    const outputs = specs.map((spec) => this.#value(spec.dtype, spec.shape));
    const node: Node = { op, inputs, outputs, attributes };
    for (const output of outputs) output.producer = node;
    this.#top().push(node);
    return outputs;
  }

  /** `node` for ops with a single result. */
  op(op: string, inputs: readonly (Value | null)[], spec: OutputSpec, attributes: Attributes = {}): Value {
    const [value] = this.node(op, inputs, [spec], attributes);
    return value as Value;
  }

  /**
   * Runs `body` and records what it emits as one differentiation unit: a checkpoint, or with `makeVjp` an op with its
   * own backward. A checkpoint's body may use outer values freely; one with `makeVjp` must take every value that needs a
   * gradient as an input.
   */
  region(inputs: readonly Value[], body: (...values: Value[]) => readonly Value[], makeVjp?: MakeRegionVjp): Value[] {
    let outputs: readonly Value[] = [];
    const items = this.capture(() => {
      outputs = body(...inputs);
    });
    for (const value of outputs) (value as MutableValue).sealed = true;
    this.#top().push({ inputs, outputs, items, makeVjp });
    return [...outputs];
  }

  /** Records what `body` emits without placing it on the tape. */
  capture(body: () => void): Item[] {
    const items: Item[] = [];
    this.#stack.push(items);
    try {
      body();
    } finally {
      this.#stack.pop();
    }
    return items;
  }

  /** Appends captured items. */
  push(items: readonly Item[]): void {
    for (const item of items) this.#top().push(item);
  }

  /** All nodes that `roots` (default: the declared outputs) depend on, in topological order. */
  liveNodes(roots: readonly Value[] = this.outputs.map((o) => o.value)): Node[] {
    const all: Node[] = [];
    const walk = (items: readonly Item[]): void => {
      for (const item of items) isRegion(item) ? walk(item.items) : all.push(item);
    };
    walk(this.tape);
    const live = new Set<Value>(roots);
    const keep: Node[] = [];
    for (const node of all.reverse()) {
      if (!node.outputs.some((o) => live.has(o))) continue;
      keep.push(node);
      for (const input of node.inputs) if (input) live.add(input);
    }
    return keep.reverse();
  }

  /** Floating-point operations of every live matrix product (2 per multiply-add), the usual "model FLOPs" convention. */
  matmulFlops(): number {
    let total = 0;
    for (const node of this.liveNodes()) {
      const [a] = node.inputs;
      const [y] = node.outputs;
      if (node.op !== "FusedMatMul" || !a || !y) continue;
      total += 2 * sizeOf(y.shape) * dim(a.shape, node.attributes.transA === 1 ? -2 : -1);
    }
    return total;
  }

  #top(): Item[] {
    return this.#stack[this.#stack.length - 1] as Item[];
  }

  #own(value: Value, where: string): void {
    if (value.graph !== this) {
      throw new GraphError(
        `${where}: value ${value.name ?? value.id} belongs to another graph; build every operand in one Graph`,
      );
    }
  }

  #value(dtype: DType, shape: Shape, name?: string, symbols?: Readonly<Record<number, string>>): MutableValue {
    if (shape.some((d) => !Number.isSafeInteger(d) || d < 0)) {
      throw new ShapeError(`${name ?? "value"}: dimensions must be non-negative integers, found [${shape}]`);
    }
    if (name !== undefined) {
      if (this.#names.has(name) || this.outputs.some((o) => o.name === name))
        throw new GraphError(`the name ${name} is used twice; inputs, initializers and outputs share one namespace`);
      this.#names.add(name);
    }
    return {
      id: this.#nextId++,
      dtype,
      shape: [...shape],
      graph: this,
      name,
      symbols,
      producer: undefined,
      sealed: false,
    };
  }
}
