import { ShapeError } from "../errors.js";
import type { Value } from "../graph.js";
import { gather } from "../ops/indexing.js";
import { dim, sizeOf } from "../tensor.js";
import { firstOrder } from "./first-order.js";

/**
 * Rows of x [N, ...] in another layout of M rows, `gather(x, to)` with `to` int [M], whose gradient is a look-up too:
 * `gather(dy, back)` with `back` int [N], many times as fast as adding rows up. For layouts that hold each row that matters
 * once: `to[back[n]] = n` for each of them. Rows that fill gaps must get no gradient, or be rows whose own is ignored: a
 * gap's gradient is dropped.
 * @throws ShapeError when `back` has not one entry per row of x
 */
export function regroupRows(x: Value, to: Value, back: Value): Value {
  if (sizeOf(back.shape) !== dim(x.shape, 0))
    throw new ShapeError(
      `regroupRows: expected one entry of back for each of ${dim(x.shape, 0)} rows, found [${back.shape}]`,
    );
  const [y] = x.graph.region(
    [x],
    (rows) => [gather(rows as Value, to)],
    () => (dys) => {
      const dy = firstOrder("regroupRows", dys);
      return dy ? [gather(dy, back)] : [];
    },
  );
  return y as Value;
}
