import { createRng } from "@videosafety/random";

/**
 * Which data row the k-th prompt of a run is: epoch after epoch, each in its own seeded order. A pure function of the
 * seed and k, so a resumed run needs no cursor but k.
 */
export function promptOrder(rows: number, seed: number, shuffle: boolean): (index: number) => number {
  let epochInHand = -1;
  let order: Int32Array = new Int32Array(0);
  return (index) => {
    const epoch = Math.floor(index / rows);
    if (epoch !== epochInHand) {
      order = Int32Array.from({ length: rows }, (_, row) => row);
      if (shuffle) {
        const rng = createRng(seed + 1_000_003 * (epoch + 1));
        for (let i = rows - 1; i > 0; i--) {
          const j = rng.integer(i + 1);
          [order[i], order[j]] = [order[j] as number, order[i] as number];
        }
      }
      epochInHand = epoch;
    }
    return order[index % rows] as number;
  };
}
