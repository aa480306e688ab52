/** Shannon entropy in bits of counts; 0 for one kind. */
export function entropyBits(counts: Iterable<number>): number {
  const values = [...counts].filter((count) => count > 0).sort((a, b) => a - b); // an order of its own: sums do not depend on the input's
  const total = values.reduce((sum, count) => sum + count, 0);
  return total === 0
    ? 0
    : Math.max(0, -values.reduce((sum, count) => sum + (count / total) * Math.log2(count / total), 0));
}

/** How texts begin. */
export interface Openings {
  /** Words of an opening. */
  readonly words: number;
  /** Different openings. */
  readonly distinct: number;
  /** Entropy of the openings in bits: 0 when all begin alike, log2 of the number of texts when none do. */
  readonly entropyBits: number;
  /** The commonest opening and the share of texts that begin with it; null without texts. */
  readonly most: { readonly text: string; readonly share: number } | null;
}

/** Counts the first `words` words of each text; a shorter text counts whole. */
export function openingsOf(texts: readonly (readonly string[])[], words: number): Openings {
  const counts = new Map<string, number>();
  for (const text of texts) {
    const opening = text.slice(0, words).join(" ");
    counts.set(opening, (counts.get(opening) ?? 0) + 1);
  }
  const [first] = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return {
    words,
    distinct: counts.size,
    entropyBits: entropyBits(counts.values()),
    most: first === undefined ? null : { text: first[0], share: first[1] / texts.length },
  };
}

/** Lengths of texts in words. */
export interface LengthSpread {
  readonly mean: number;
  /** Standard deviation with n in the denominator. */
  readonly standardDeviation: number;
  readonly shortest: number;
  /** Quartiles, linearly interpolated between neighbours. */
  readonly quartiles: readonly [lower: number, median: number, upper: number];
  readonly longest: number;
}

/** Spread of lengths; null without texts. */
export function lengthSpread(lengths: readonly number[]): LengthSpread | null {
  if (lengths.length === 0) return null;
  const sorted = [...lengths].sort((a, b) => a - b);
  const mean = sorted.reduce((sum, length) => sum + length, 0) / sorted.length;
  const squares = sorted.reduce((sum, length) => sum + (length - mean) ** 2, 0);
  const quantile = (q: number): number => {
    const at = q * (sorted.length - 1);
    const low = sorted[Math.floor(at)] as number;
    return low + (at - Math.floor(at)) * ((sorted[Math.ceil(at)] as number) - low);
  };
  return {
    mean,
    standardDeviation: Math.sqrt(squares / sorted.length),
    shortest: sorted[0] as number,
    quartiles: [quantile(0.25), quantile(0.5), quantile(0.75)],
    longest: sorted[sorted.length - 1] as number,
  };
}

/**
 * Bytes of the texts, one per line, over bytes after gzip (Shaib et al. 2024, arXiv 2403.00553): the more repeats, the higher. The platform's own gzip
 * at its default level, so two platforms may differ by a percent or two; the order of the texts matters, so give them in one that means nothing. Null for
 * no text.
 */
export async function compressionRatio(texts: readonly string[]): Promise<number | null> {
  if (texts.length === 0) return null;
  const bytes = new TextEncoder().encode(texts.join("\n"));
  if (bytes.length === 0) return null;
  const packed = new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip")));
  return bytes.length / (await packed.arrayBuffer()).byteLength;
}
