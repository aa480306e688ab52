import { ShapeError } from "../errors.js";
import type { Value } from "../graph.js";
import { add, mul, neg } from "../ops/elementwise.js";
import { concat, expand, reshape, slice, split, transpose } from "../ops/layout.js";
import { matmul } from "../ops/matmul.js";
import { reduceSum, softmax } from "../ops/reduce.js";
import { barrier } from "../rematerialize.js";
import { dim, toTypedData } from "../tensor.js";
import { firstOrder } from "./first-order.js";

/** How attention is computed. */
export interface AttentionOptions {
  /** Additive mask, broadcast to [B, heads, S, L]: 0 keeps, a large negative number hides. */
  readonly mask?: Value | undefined;
  /** Factor on the scores, default 1 / sqrt(hd). */
  readonly scale?: number;
  /** Recompute probabilities in the backward pass instead of keeping them: one product more, no [S, L] stored. Default false. */
  readonly recompute?: boolean;
}

/**
 * Exact grouped attention softmax(scale q k^T + mask) v: q [B, Hkv, G, S, hd], k and v [B, Hkv, L, hd] -> like q. Query
 * heads of one group are folded into rows, so keys and values are never repeated. Its own backward keeps only the
 * probabilities (or nothing, with `recompute`), and takes rowsum(dP P) as rowsum(dO O), one extra column of a product.
 * The mask gets no gradient: `grad` refuses one that needs it.
 */
export function attention(q: Value, k: Value, v: Value, options: AttentionOptions = {}): Value {
  const [batch, kvHeads, group, rows, headSize] = [0, 1, 2, 3, 4].map((i) => dim(q.shape, i)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const length = dim(k.shape, 2);
  const { mask, scale = 1 / Math.sqrt(headSize), recompute = false } = options;
  const folded = [batch, kvHeads, group * rows, headSize];
  const probabilities = (q2: Value, k2: Value): Value => {
    const scores = matmul(reshape(q2, folded), k2, { transposeB: true, alpha: scale });
    if (!mask) return softmax(scores);
    const masked = add(reshape(scores, [batch, kvHeads * group, rows, length]), mask);
    return reshape(softmax(masked), [batch, kvHeads, group * rows, length]);
  };
  const body = (q1: Value, k1: Value, v1: Value): Value[] => {
    const p = probabilities(q1, k1);
    const y = reshape(matmul(p, v1), q.shape);
    return recompute ? [y] : [y, p]; // the probabilities leave the region so that a replayed region finds its own
  };
  const [y] = q.graph.region(
    [q, k, v],
    body as (...values: Value[]) => Value[],
    ([q1, k1, v1], [y1, kept]) =>
      (dys) => {
        const dy = firstOrder("attention", dys);
        if (!q1 || !k1 || !v1 || !y1 || !dy) return [];
        const p = kept ?? probabilities(barrier(q1, dy), k1);
        const dO = reshape(dy, folded);
        const rowSums = neg(reduceSum(mul(dO, reshape(y1, folded)), [-1]));
        const ones = expand(dy.graph.scalar(1, dy.dtype), [batch, kvHeads, length, 1]);
        const dP = matmul(concat([dO, rowSums], -1), concat([v1, ones], -1), { transposeB: true });
        const dS = mul(p, dP);
        return [
          reshape(matmul(dS, k1, { alpha: scale }), q.shape),
          matmul(dS, reshape(q1, folded), { transposeA: true, alpha: scale }),
          matmul(p, dO, { transposeA: true }),
        ];
      },
  );
  return y as Value;
}

/** Options of `causalAttention`. */
export interface CausalAttentionOptions extends AttentionOptions {
  /** Query rows a block, default 128. Blocks above the diagonal are skipped, not masked. */
  readonly chunk?: number;
}

/**
 * Causal attention in query chunks: the same result as one masked product, but keys after a chunk are never touched and
 * no [S, S] scores exist. Query row i sees keys [0, L - S + i]. Without a `mask` a small triangular constant is used; with
 * one ([1 or B, 1 or heads, S, L], causality included) its blocks are.
 */
export function causalAttention(q: Value, k: Value, v: Value, options: CausalAttentionOptions = {}): Value {
  const { chunk = 128, mask, ...rest } = options;
  const rows = dim(q.shape, 3);
  const offset = dim(k.shape, 2) - rows;
  if (offset < 0)
    throw new ShapeError(`causalAttention: ${rows} query rows need at least as many keys, found ${dim(k.shape, 2)}`);
  const sizes = Array.from({ length: Math.ceil(rows / chunk) }, (_, i) => Math.min(chunk, rows - i * chunk));
  const triangle = mask ? undefined : slidingTriangle(q, Math.min(chunk, rows), dim(k.shape, 2));
  const blocks = split(q, sizes, 3).map((block, i) => {
    const [start, end] = [i * chunk, Math.min(i * chunk + chunk, rows)];
    const visible = end + offset;
    const blockMask = mask
      ? slice(slice(mask, 2, start, end), 3, 0, visible)
      : // column x of the triangle is visible to row r when x <= r + L: shift so that key j is column L - offset - start + j
        slice(slice(triangle as Value, 2, 0, end - start), 3, rows - start, rows - start + visible);
    return attention(block, slice(k, 2, 0, visible), slice(v, 2, 0, visible), { ...rest, mask: blockMask });
  });
  return concat(blocks, 3);
}

/** [1, 1, chunk, length + chunk] with 0 where column <= row + length, else -1e9. */
function slidingTriangle(like: Value, chunk: number, length: number): Value {
  const width = length + chunk;
  const data = new Float64Array(chunk * width);
  for (let r = 0; r < chunk; r++) data.fill(HIDDEN, r * width + r + length + 1, (r + 1) * width);
  return like.graph.initializer(undefined, like.dtype, [1, 1, chunk, width], toTypedData(like.dtype, data));
}

/** The additive mask's "hidden". Finite, so that fully hidden rows stay finite. */
export const HIDDEN = -1e9;

/** Options of `selfAttention`. */
export interface SelfAttentionOptions extends CausalAttentionOptions {
  readonly heads: number;
  /** Key and value heads, default `heads`. */
  readonly kvHeads?: number;
  /** Causal (default) or bidirectional. */
  readonly causal?: boolean;
  /** Static lengths of packed sequences that may not see each other; their sum is S. Only for S = L. */
  readonly segments?: readonly number[];
}

/**
 * Attention from projected tensors: q [B, S, heads hd], k and v [B, L, kvHeads hd] -> [B, S, heads hd]. Grouped-query,
 * causal or not, chunked, and block-diagonal over packed `segments` without computing the hidden blocks.
 * @throws ShapeError
 */
export function selfAttention(q: Value, k: Value, v: Value, options: SelfAttentionOptions): Value {
  const { heads, kvHeads = heads, causal = true, segments, chunk, ...rest } = options;
  const [batch, rows, width] = [dim(q.shape, 0), dim(q.shape, 1), dim(q.shape, 2)];
  if (width % heads !== 0 || heads % kvHeads !== 0) {
    throw new ShapeError(
      `selfAttention: width ${width} needs a multiple of ${heads} heads, and heads a multiple of ${kvHeads} kvHeads`,
    );
  }
  const headSize = width / heads;
  const length = dim(k.shape, 1);
  const q5 = transpose(reshape(q, [batch, rows, kvHeads, heads / kvHeads, headSize]), [0, 2, 3, 1, 4]);
  const perHead = (t: Value): Value => transpose(reshape(t, [batch, length, kvHeads, headSize]), [0, 2, 1, 3]);
  const run = (a: Value, b: Value, c: Value, mask: Value | undefined): Value =>
    causal
      ? causalAttention(a, b, c, { ...rest, mask, ...(chunk === undefined ? {} : { chunk }) })
      : attention(a, b, c, { ...rest, mask });
  const y = segments
    ? perSegment(q5, perHead(k), perHead(v), segments, options.mask, run)
    : run(q5, perHead(k), perHead(v), options.mask);
  return reshape(transpose(y, [0, 3, 1, 2, 4]), [batch, rows, width]);
}

function perSegment(
  q: Value,
  k: Value,
  v: Value,
  segments: readonly number[],
  mask: Value | undefined,
  run: (q: Value, k: Value, v: Value, mask: Value | undefined) => Value,
): Value {
  const [qs, ks, vs] = [split(q, segments, 3), split(k, segments, 2), split(v, segments, 2)];
  let start = 0;
  const blocks = segments.map((size, i) => {
    const end = start + size;
    const block = mask && slice(slice(mask, 2, start, end), 3, start, end);
    start = end;
    return run(qs[i] as Value, ks[i] as Value, vs[i] as Value, block);
  });
  return concat(blocks, 3);
}

/** Additive causal mask [S, S]; with `segments` (a segment id per token), tokens only see their own segment. */
export function causalMask(sequence: number, segments?: ArrayLike<number>): Float32Array {
  const mask = new Float32Array(sequence * sequence);
  for (let i = 0; i < sequence; i++) {
    for (let j = 0; j < sequence; j++) {
      if (j > i || (segments && segments[i] !== segments[j])) mask[i * sequence + j] = HIDDEN;
    }
  }
  return mask;
}
