import type { Value } from "../graph.js";
import { greater, max, min, sub, where } from "../ops/elementwise.js";
import { gather } from "../ops/indexing.js";
import { reshape } from "../ops/layout.js";
import { dim } from "../tensor.js";

/**
 * Embedding with a second, learnable table behind the first: ids < V read `base` [V, d], ids >= V read row id - V of
 * `extra` [n, d]. ids int [...] -> [..., d].
 */
export function embedWithExtra(base: Value, extra: Value, ids: Value): Value {
  const vocabulary = dim(base.shape, 0);
  const isExtra = reshape(greater(ids, vocabulary - 1), [...ids.shape, 1]);
  const own = gather(extra, max(sub(ids, vocabulary), 0));
  return where(isExtra, own, gather(base, min(ids, vocabulary - 1)));
}
