import { GraphError } from "../errors.js";
import { Graph, type Node, type Value } from "../graph.js";
import type { TypedData } from "../tensor.js";

/** What changes on the way. */
export interface CopyOptions {
  /** Replaces a node: returns its results in the new graph, or undefined to keep it. */
  readonly rewrite?: (node: Node, inputs: readonly Value[]) => readonly Value[] | undefined;
  /** Inputs that become constants with these elements. */
  readonly freeze?: ReadonlyMap<string, TypedData>;
  /** Outputs of the copy. Default: those of the source. */
  readonly outputs?: ReadonlyMap<string, Value>;
}

/** A new graph with the live part of another. @throws GraphError when `freeze` names no input */
export function copyGraph(source: Graph, { rewrite, freeze, outputs }: CopyOptions = {}): Graph {
  const wanted = outputs ?? new Map(source.outputs.map(({ name, value }) => [name, value]));
  const graph = new Graph();
  const map = new Map<Value, Value>();
  for (const name of freeze?.keys() ?? []) {
    if (!source.inputs.some((v) => v.name === name)) throw new GraphError(`freeze: the graph has no input ${name}`);
  }
  for (const v of source.inputs) {
    const name = v.name as string;
    const data = freeze?.get(name);
    map.set(v, data ? graph.initializer(name, v.dtype, v.shape, data) : graph.input(name, v.dtype, v.shape, v.symbols));
  }
  for (const [v, init] of source.initializers) map.set(v, graph.initializer(v.name, v.dtype, v.shape, init));
  for (const node of source.liveNodes([...wanted.values()])) {
    const inputs = node.inputs.map((x) => (x ? (map.get(x) as Value) : null));
    const made = rewrite?.(node, inputs as Value[]) ?? graph.node(node.op, inputs, node.outputs, node.attributes);
    node.outputs.forEach((output, i) => {
      const value = made[i];
      if (value) map.set(output, value);
    });
  }
  for (const [name, value] of wanted) graph.output(name, map.get(value) as Value);
  return graph;
}
