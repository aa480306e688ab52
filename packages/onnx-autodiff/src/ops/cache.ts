import { float, type Value } from "../graph.js";
import { type DType, dim, type Shape } from "../tensor.js";

/**
 * Scores of queries against a time-major key cache: q [B, H, R, hd], cache [L, B or 1, H, hd] -> alpha q k^T [B, H, R, L].
 * A strided product on onnxruntime: the cache is read where it lies. Forward only (generation).
 */
export const timeMajorScores = (q: Value, cache: Value, alpha: number): Value =>
  q.graph.op(
    "TimeMajorMatMul",
    [q, cache],
    { dtype: q.dtype, shape: [...q.shape.slice(0, -1), dim(cache.shape, 0)] },
    {
      transA: 0,
      transB: 1,
      transBatchB: 1,
      alpha: float(alpha),
    },
  );

/** Context of probabilities against a time-major value cache: p [B, H, R, L], cache [L, B or 1, H, hd] -> [B, H, R, hd]. Forward only. */
export const timeMajorContext = (p: Value, cache: Value): Value =>
  p.graph.op(
    "TimeMajorMatMul",
    [p, cache],
    { dtype: p.dtype, shape: [...p.shape.slice(0, -1), dim(cache.shape, 3)] },
    {
      transA: 0,
      transB: 0,
      transBatchB: 1,
      alpha: float(1),
    },
  );

/** Reshape with a target computed at run time: `template` may hold one -1; `nominal` is the shape the builder sees. Forward only. */
export const reshapeDynamic = (x: Value, template: readonly number[], nominal: Shape): Value =>
  x.graph.op("DynamicReshape", [x, x.graph.int64(template)], { dtype: x.dtype, shape: nominal });

/** Split with sizes fed at run time: sizes is an int64 input [parts], `nominal` the sizes the builder sees. Forward only. */
export const splitDynamic = (x: Value, sizes: Value, nominal: readonly number[], axis: number): Value[] =>
  x.graph.node(
    "DynamicSplit",
    [x, sizes],
    nominal.map((n) => ({ dtype: x.dtype, shape: x.shape.map((d, i) => (i === axis ? n : d)) })),
    { axis },
  );

/** Operands of `cachedAttention`. */
export interface CachedAttentionInputs {
  /** Queries [B, S, heads hd]. */
  readonly q: Value;
  /** New keys [B, S, kvHeads hd]. */
  readonly k: Value;
  /** New values [B, S, kvHeads hd]. */
  readonly v: Value;
  /** Key cache [B, kvHeads, capacity, hd]. */
  readonly pastK: Value;
  /** Value cache [B, kvHeads, capacity, hd]. */
  readonly pastV: Value;
  /** Total length - 1 of each row, int32 [B]. */
  readonly lengths: Value;
  /** Longest total length, int32 [1]. */
  readonly total: Value;
  /** Cosines by position [capacity, hd/2]. */
  readonly cos: Value;
  /** Sines by position [capacity, hd/2]. */
  readonly sin: Value;
}

/**
 * Incremental grouped-query attention with rotary embedding over a fixed-capacity cache (onnxruntime's
 * GroupQueryAttention): [y, cacheK, cacheV]. Bind one buffer as past and present and onnxruntime appends in place.
 * Every output is copied to JavaScript, so large capacities are slow: prefer the time-major ops for rollouts. Forward only.
 */
export function cachedAttention(inputs: CachedAttentionInputs, heads: number, kvHeads: number): [Value, Value, Value] {
  const { q, k, v, pastK, pastV, lengths, total, cos, sin } = inputs;
  const spec = (x: Value): { dtype: DType; shape: Shape } => ({ dtype: x.dtype, shape: x.shape });
  const operands = [q, k, v, pastK, pastV, lengths, total, cos, sin];
  const attributes = { num_heads: heads, kv_num_heads: kvHeads, do_rotary: 1 };
  return q.graph.node("CachedAttention", operands, [spec(q), spec(pastK), spec(pastV)], attributes) as [
    Value,
    Value,
    Value,
  ];
}
