import { concat, selfAttention, split, type Value } from "@videosafety/onnx-autodiff";

/** At most this many attention scores exist at a time: 256 MiB. */
const SCORES_AT_A_TIME = 2 ** 26;

/**
 * Attention in which every row sees every other of its batch entry: q, k, v [B, S, heads hd] -> [B, S, heads hd]. Queries of
 * large images go in chunks: all scores of a 1080p image at once, 10,764 patches in 16 heads, would take 7 GB.
 */
export function frameAttention(
  q: Value,
  k: Value,
  v: Value,
  heads: number,
  scoresAtATime: number = SCORES_AT_A_TIME,
): Value {
  const [batch = 0, rows = 0] = q.shape;
  const chunk = Math.max(1, Math.floor(scoresAtATime / (batch * heads * rows)));
  if (chunk >= rows) return selfAttention(q, k, v, { heads, causal: false });
  const sizes = Array.from({ length: Math.ceil(rows / chunk) }, (_, i) => Math.min(chunk, rows - i * chunk));
  const parts = split(q, sizes, 1).map((part) => selfAttention(part, k, v, { heads, causal: false }));
  return concat(parts, 1);
}
