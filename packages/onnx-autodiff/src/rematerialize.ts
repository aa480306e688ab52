import type { Graph, Item, Region, Value } from "./graph.js";
import { isRegion } from "./graph.js";
import { equal, where } from "./ops/elementwise.js";
import { reshape, slice } from "./ops/layout.js";
import { sizeOf } from "./tensor.js";

/** Values a region reads that it did not make itself. */
export function externalsOf(region: Region): Value[] {
  const made = new Set<Value>();
  const externals = new Set<Value>();
  const walk = (items: readonly Item[]): void => {
    for (const item of items) {
      if (isRegion(item)) {
        walk(item.items);
        continue;
      }
      for (const input of item.inputs) if (input && !made.has(input)) externals.add(input);
      for (const output of item.outputs) made.add(output);
    }
  };
  walk(region.items);
  return [...externals];
}

/**
 * x, made to depend on `gradient`: `Where(g0 == g0, x, x)`. Without it onnxruntime's common-subexpression elimination
 * merges a recomputation with the original, or schedules it before the backward pass, and no memory is saved.
 */
export function barrier(x: Value, gradient: Value): Value {
  const first = reshape(slice(reshape(gradient, [sizeOf(gradient.shape)]), 0, 0, 1), []);
  return where(equal(first, first), x, x);
}

/** Emits a copy of `items` on the current tape with values replaced by `map`, which collects the copies. */
export function replay(graph: Graph, items: readonly Item[], map: Map<Value, Value>): void {
  const substitute = (value: Value): Value => map.get(value) ?? value;
  for (const item of items) {
    if (isRegion(item)) {
      const body = (): Value[] => {
        replay(graph, item.items, map);
        return item.outputs.map(substitute);
      };
      graph.region(item.inputs.map(substitute), body, item.makeVjp);
    } else {
      const copies = graph.node(
        item.op,
        item.inputs.map((x) => x && substitute(x)),
        item.outputs,
        item.attributes,
      );
      item.outputs.forEach((output, i) => {
        map.set(output, copies[i] as Value);
      });
    }
  }
}
