import { numberNgrams } from "../diversity/ngrams.js";

/** A text that may be a near-copy of another one of its group. */
export interface GroupedText {
  readonly words: readonly string[];
  /** Only texts of one group are compared. */
  readonly group: string;
}

/** Bounds of `nearDuplicates`. */
export interface NearDuplicateOptions {
  /** Words of an n-gram; default 3. */
  readonly order?: number;
  /** Least Jaccard index of two near-duplicates, in (0, 1]; default 0.8. */
  readonly threshold?: number;
}

/**
 * Finds near-duplicates: texts whose sets of word n-grams (begin and end marked) have a Jaccard index of at least `threshold`. Goes through the texts in
 * order and keeps a text unless it is a near-duplicate of one that was kept.
 *
 * Exact, no sketch: two sets that similar share one of their rarest n-grams, so only texts that do are compared (prefix filtering: Bayardo et al.
 * 2007, Xiao et al. 2008).
 *
 * @returns for each text the index of the kept text it repeats, or null where it is kept
 * @throws RangeError for a threshold outside (0, 1]
 */
export function nearDuplicates(texts: readonly GroupedText[], options: NearDuplicateOptions = {}): (number | null)[] {
  const { order = 3, threshold = 0.8 } = options;
  if (!(threshold > 0 && threshold <= 1)) throw new RangeError(`expected a threshold in (0, 1], found ${threshold}`);
  // Marks that no word is: `wordsOf` gives no control characters. A text without words is its marks alone.
  const padded = texts.map(({ words }) => [
    "\u0002",
    ...words,
    ...Array.from({ length: Math.max(1, order - 1 - words.length) }, () => "\u0003"),
  ]);
  const { ids, distinct } = numberNgrams(padded, order);
  const frequency = new Int32Array(distinct[order - 1] as number);
  const sets = (ids[order - 1] as readonly Int32Array[]).map((grams) => Int32Array.from(new Set(grams)));
  for (const set of sets) for (const gram of set) frequency[gram] = (frequency[gram] as number) + 1;
  for (const set of sets) set.sort((a, b) => (frequency[a] as number) - (frequency[b] as number) || a - b);
  const index = new Map<string, Map<number, number[]>>();
  return sets.map((set, i) => {
    const { group } = texts[i] as GroupedText;
    const kept = index.get(group) ?? new Map<number, number[]>();
    index.set(group, kept);
    const prefix = set.subarray(0, set.length - Math.ceil(threshold * set.length - 1e-9) + 1);
    let found: number | null = null;
    const seen = new Set<number>();
    for (const gram of prefix)
      for (const other of kept.get(gram) ?? []) {
        if (seen.has(other) || (found !== null && other > found)) continue;
        seen.add(other);
        if (jaccard(set, sets[other] as Int32Array) >= threshold - 1e-12) found = other;
      }
    if (found !== null) return found;
    for (const gram of prefix) {
      const list = kept.get(gram) ?? [];
      kept.set(gram, list);
      list.push(i);
    }
    return null;
  });
}

function jaccard(a: Int32Array, b: Int32Array): number {
  const [small, large] = a.length < b.length ? [a, b] : [b, a];
  const members = new Set(large);
  let shared = 0;
  for (const gram of small) if (members.has(gram)) shared++;
  return shared / (a.length + b.length - shared);
}
