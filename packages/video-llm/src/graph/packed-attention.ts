import { concat, dim, type Graph, regroupRows, reshape, split, type Value } from "@videosafety/onnx-autodiff";

/** Rows of equal length that attention is computed for together, a sequence a row. */
export interface AttentionBlock {
  /** Rows. */
  readonly rows: number;
  /** Slots a row. */
  readonly length: number;
}

/** Sizes of a run whose sequences lie one after the other without padding. */
export interface PackedShape {
  /** Sequences, padded with empty ones: rows of all blocks. */
  readonly sequences: number;
  /** What attention is computed in. */
  readonly blocks: readonly AttentionBlock[];
}

/** Attention of one block: queries [B, S, heads hd], keys and values [B, S, kvHeads hd] -> context like the queries. */
export type BlockAttention = (q: Value, k: Value, v: Value) => Value;

/**
 * Attention over packed tokens [1, N, ...]: they are padded only here, dealt to rows of their own, and brought back. Gaps
 * stand at the end of a row, where causal attention hides them, hold a row of padding, and get no gradient: nothing
 * that is trained on reads them. Declares the inputs `slot_tokens` [M] (token of each slot) and `token_slots` [N].
 */
export function packedAttention(
  graph: Graph,
  tokens: number,
  { blocks }: PackedShape,
  attend: BlockAttention,
): BlockAttention {
  const sizes = blocks.map(({ rows, length }) => rows * length);
  const slotTokens = graph.input("slot_tokens", "int32", [sizes.reduce((a, b) => a + b, 0)]);
  const tokenSlots = graph.input("token_slots", "int32", [tokens]);
  const deal = (x: Value): Value[] => {
    const width = dim(x.shape, 2);
    return split(regroupRows(reshape(x, [tokens, width]), slotTokens, tokenSlots), sizes, 0).map((part, i) => {
      const { rows, length } = blocks[i] as AttentionBlock;
      return reshape(part, [rows, length, width]);
    });
  };
  return (q, k, v) => {
    const [qs, ks, vs] = [deal(q), deal(k), deal(v)];
    const contexts = qs.map((own, i) => {
      const context = attend(own, ks[i] as Value, vs[i] as Value);
      return reshape(context, [sizes[i] as number, dim(q.shape, 2)]);
    });
    return reshape(regroupRows(concat(contexts, 0), tokenSlots, slotTokens), q.shape);
  };
}
