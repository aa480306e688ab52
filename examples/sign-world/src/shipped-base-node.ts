import { fileURLToPath } from "node:url";

/** Directory of the base checkpoint that the repository ships; `base/ship-base.ts` put it there. */
export const SHIPPED_BASE = fileURLToPath(new URL("../assets/base", import.meta.url));

/** The bases that the repository ships, by the seed of their training. */
export const SHIPPED_BASES: ReadonlyMap<number, string> = new Map([
  [1, SHIPPED_BASE],
  ...[2, 3, 4, 5].map(
    (seed) => [seed, fileURLToPath(new URL(`../assets/base-seed-${seed}`, import.meta.url))] as const,
  ),
]);
