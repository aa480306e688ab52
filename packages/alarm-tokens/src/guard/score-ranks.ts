/** Largest block before it is split. */
const BLOCK = 1024;

/** A growing multiset of numbers that tells ranks: insertion and rank in about the square root of its size. */
export class ScoreRanks {
  readonly #blocks: number[][] = [[]];
  #size = 0;

  /** How many numbers it holds. */
  get size(): number {
    return this.#size;
  }

  /** How many are above `value`, and how many equal it. */
  rank(value: number): { above: number; equal: number } {
    let above = 0;
    let equal = 0;
    for (const block of this.#blocks) {
      if (block.length === 0 || (block[block.length - 1] as number) < value) continue;
      const from = firstAtLeast(block, value);
      let to = from;
      while (to < block.length && block[to] === value) to++;
      equal += to - from;
      above += block.length - to;
    }
    return { above, equal };
  }

  /** Adds a number. */
  add(value: number): void {
    let index = this.#blocks.findIndex((block) => block.length > 0 && (block[block.length - 1] as number) >= value);
    if (index < 0) index = this.#blocks.length - 1;
    const block = this.#blocks[index] as number[];
    block.splice(firstAtLeast(block, value), 0, value);
    if (block.length > BLOCK) this.#blocks.splice(index, 1, block.slice(0, BLOCK / 2), block.slice(BLOCK / 2));
    this.#size++;
  }

  /** All numbers, rising. */
  values(): number[] {
    return this.#blocks.flat();
  }
}

function firstAtLeast(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
