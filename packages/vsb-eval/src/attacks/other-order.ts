import type { Rng } from "@videosafety/random";

/** The numbers below `count` in a random order that is never the original one (for a count of 2 or more). */
export function otherOrder(count: number, random: Rng): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  if (count < 2) return order;
  do {
    for (let i = count - 1; i > 0; i--) {
      const j = random.integer(i + 1);
      [order[i], order[j]] = [order[j] as number, order[i] as number];
    }
  } while (order.every((value, i) => value === i));
  return order;
}
