import { GraphError } from "../errors.js";
import type { MaybeValue } from "../graph.js";

/**
 * The gradient of a region's first output; the others are kept for its own backward and have none.
 * @throws GraphError when one of them needs a gradient, which only second derivatives ask for
 */
export function firstOrder(block: string, [dy, ...others]: readonly MaybeValue[]): MaybeValue {
  if (others.some((d) => d !== undefined)) {
    throw new GraphError(`${block} has no second derivative; build it from single ops where you need one`);
  }
  return dy;
}
