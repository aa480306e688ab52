/** Cosine and sine tables for `rope`. */
export interface RopeTables {
  /** [positions, headSize / 2], float64. */
  readonly cos: Float64Array;
  /** [positions, headSize / 2], float64. */
  readonly sin: Float64Array;
}

/**
 * Tables of the rotary embedding: angle of position p and pair i is p theta^(-2i / headSize). `positions` is a count
 * (0, 1, ...) or the position of every token.
 */
export function ropeTables(positions: number | ArrayLike<number>, headSize: number, theta = 10_000): RopeTables {
  const list = typeof positions === "number" ? Array.from({ length: positions }, (_, i) => i) : Array.from(positions);
  const half = headSize / 2;
  const cos = new Float64Array(list.length * half);
  const sin = new Float64Array(list.length * half);
  list.forEach((position, row) => {
    for (let i = 0; i < half; i++) {
      const angle = position * theta ** (-i / half);
      cos[row * half + i] = Math.cos(angle);
      sin[row * half + i] = Math.sin(angle);
    }
  });
  return { cos, sin };
}
