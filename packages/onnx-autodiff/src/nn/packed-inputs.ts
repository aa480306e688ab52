import type { Graph, Value } from "../graph.js";
import { reshape, split } from "../ops/layout.js";
import { type Shape, sizeOf } from "../tensor.js";

/** Many small tensors behind one flat input. */
export interface PackedInputs {
  /** The one input, [total]; its gradient is the flat gradient of all. */
  readonly flat: Value;
  /** The tensors, views of `flat`. */
  readonly values: ReadonlyMap<string, Value>;
  /** Where each lies in the flat buffer: [start, end). `buffer.subarray(start, end)` is a live parameter. */
  readonly ranges: ReadonlyMap<string, readonly [start: number, end: number]>;
}

/**
 * Declares one flat float32 input that holds many tensors (LoRA factors): a feed or fetch costs 4-5 us each, and every
 * output is copied, so hundreds of adapters are cheaper as one buffer.
 */
export function packedInputs(graph: Graph, name: string, shapes: ReadonlyMap<string, Shape>): PackedInputs {
  const sizes = [...shapes.values()].map(sizeOf);
  const flat = graph.input(name, "float32", [sizes.reduce((a, b) => a + b, 0)]);
  const parts = split(flat, sizes, 0);
  const values = new Map<string, Value>();
  const ranges = new Map<string, readonly [number, number]>();
  let start = 0;
  [...shapes].forEach(([key, shape], i) => {
    const end = start + sizeOf(shape);
    values.set(key, reshape(parts[i] as Value, shape));
    ranges.set(key, [start, end]);
    start = end;
  });
  return { flat, values, ranges };
}
