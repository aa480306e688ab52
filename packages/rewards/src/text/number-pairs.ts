/**
 * Numbers pairs (heads[i], tails[i]) from 0: equal pairs get equal numbers. Two counting sorts instead of a hash table, so that no
 * input is worse than another: O(pairs + headCount + tailCount).
 * @param heads each in [0, headCount)
 * @param tails each in [0, tailCount), as many as heads
 */
export function numberPairs(
  heads: Int32Array,
  headCount: number,
  tails: Int32Array,
  tailCount: number,
): { readonly ids: Int32Array; readonly count: number } {
  const byTail = stableOrder(tails, tailCount, null);
  const order = stableOrder(heads, headCount, byTail);
  const ids = new Int32Array(heads.length);
  let count = 0;
  let head = -1;
  let tail = -1;
  for (let k = 0; k < order.length; k++) {
    const i = order[k] as number;
    if (heads[i] !== head || tails[i] !== tail) {
      head = heads[i] as number;
      tail = tails[i] as number;
      count++;
    }
    ids[i] = count - 1;
  }
  return { ids, count };
}

/** Positions in the order of their keys; ties stay in the order of `before` (default: ascending). */
function stableOrder(keys: Int32Array, keyCount: number, before: Int32Array | null): Int32Array {
  const next = new Int32Array(keyCount + 1);
  for (let i = 0; i < keys.length; i++) {
    const key = (keys[i] as number) + 1;
    next[key] = (next[key] as number) + 1;
  }
  for (let key = 0; key < keyCount; key++) next[key + 1] = (next[key + 1] as number) + (next[key] as number);
  const order = new Int32Array(keys.length);
  for (let k = 0; k < keys.length; k++) {
    const i = before === null ? k : (before[k] as number);
    const key = keys[i] as number;
    const at = next[key] as number;
    order[at] = i;
    next[key] = at + 1;
  }
  return order;
}
