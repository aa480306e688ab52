import type { WorldRng } from "../random/rng.js";

/** How often a training query is garbled. */
export const GARBLED = 0.4;

const WORDS = new Intl.Segmenter("en", { granularity: "word" });

/**
 * A training query as it is or, for a share of `GARBLED`, with some words dropped and the rest rotated: a small model
 * then looks for words instead of learning whole templates by heart. Held-out queries are never garbled.
 */
export function perhapsGarbled(rng: WorldRng, query: string): string {
  return rng.uniform() < GARBLED ? garble(rng, query) : query;
}

function garble(rng: WorldRng, query: string): string {
  const words = Array.from(WORDS.segment(query), ({ segment }) => segment).filter(() => rng.uniform() > 0.12);
  const cut = rng.integer(3) === 0 ? rng.integer(words.length + 1) : 0;
  return [...words.slice(cut), ...words.slice(0, cut)].join("").trim() || query;
}
