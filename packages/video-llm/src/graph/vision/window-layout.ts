/** The attention windows of one frame, windows of equal size next to each other. */
export interface WindowLayout {
  /** Merged tokens (indices, row-major) in the order of their windows. */
  readonly order: Int32Array;
  /** Runs of windows of one size: how many, and merged tokens in each. Products sum to the tokens of a frame. */
  readonly runs: readonly { readonly windows: number; readonly tokens: number }[];
}

/**
 * Cuts a frame of `rows` x `columns` merged tokens into windows of `side` x `side`; those at the lower and right edge keep
 * what is left. Qwen2.5-VL orders windows by position; attention is the same in any order, and equal ones side by side
 * run as one batch.
 */
export function windowLayout(rows: number, columns: number, side: number): WindowLayout {
  const bySize = new Map<number, number[][]>();
  for (let top = 0; top < rows; top += side) {
    for (let left = 0; left < columns; left += side) {
      const tokens: number[] = [];
      for (let row = top; row < Math.min(rows, top + side); row++) {
        for (let column = left; column < Math.min(columns, left + side); column++) tokens.push(row * columns + column);
      }
      const alike = bySize.get(tokens.length);
      if (alike === undefined) bySize.set(tokens.length, [tokens]);
      else alike.push(tokens);
    }
  }
  return {
    order: Int32Array.from([...bySize.values()].flat(2)),
    runs: Array.from(bySize, ([tokens, windows]) => ({ windows: windows.length, tokens })),
  };
}
