import { type NumberedNgrams, numberNgrams } from "./ngrams.js";

/** What to do about orders without a match: the names are those of nltk's `SmoothingFunction`. */
export const BLEU_SMOOTHINGS = ["method0", "method1", "method2"] as const;
/**
 * One of {@link BLEU_SMOOTHINGS}: `method0` none (a tiny number stands for 0), `method1` 0.1 instead of 0 matches, `method2` one more match and one
 * more n-gram for orders above 1 (Chen and Cherry 2014; Lin and Och 2004).
 */
export type BleuSmoothing = (typeof BLEU_SMOOTHINGS)[number];

/** How BLEU is computed. */
export interface BleuOptions {
  /** Longest n-gram, all orders with equal weight; default 4. */
  readonly order?: number;
  /** Default `method1`. */
  readonly smoothing?: BleuSmoothing;
}

/** Smallest normal double, Python's `sys.float_info.min`: what nltk takes for no match without smoothing. */
const TINY = 2.2250738585072014e-308;
const EPSILON = 0.1;

function precision(matches: number, total: number, order: number, smoothing: BleuSmoothing): number {
  if (smoothing === "method2" && order > 1) return (matches + 1) / (total + 1);
  if (matches > 0) return matches / total;
  return smoothing === "method1" ? EPSILON / total : smoothing === "method0" ? TINY : 0;
}

/** BLEU of one text from its clipped matches and its number of n-grams per order. */
function bleuOf(matches: readonly number[], words: number, closest: number, smoothing: BleuSmoothing): number {
  // nltk stops here whatever the smoothing: without a common word there is no longer match either.
  if (matches[0] === 0) return 0;
  let log = 0;
  for (const [i, count] of matches.entries()) {
    const p = precision(count, Math.max(1, words - i), i + 1, smoothing);
    if (p > 0) log += Math.log(p) / matches.length;
  }
  const brevity = words > closest ? 1 : Math.exp(1 - closest / words);
  return brevity * Math.exp(log);
}

/** Self-BLEU of a set. */
export interface SelfBleu {
  /** Mean over the texts; null for fewer than two. */
  readonly mean: number | null;
  /** Of each text against all others. */
  readonly scores: Float64Array;
}

/**
 * Self-BLEU (Zhu et al. 2018, Texygen, arXiv 1802.01886): the mean over the texts of BLEU with all other texts as references. 1 for copies of one
 * text, near 0 where nothing repeats. Equal to nltk 3.10's `sentence_bleu` of each text to 1e-9 (tested). All references count, not a sample of
 * them, and the time is linear all the same: the most matches that any *other* text allows for an n-gram are its largest count, or its
 * second largest for the text that holds the largest.
 *
 * A text gets more references as the set grows, so self-BLEU rises with the number of texts: compare sets of equal size.
 */
export function selfBleu(texts: readonly (readonly string[])[], options: BleuOptions = {}): SelfBleu {
  return selfBleuOf(numberNgrams(texts, checkedOrder(options.order ?? 4)), options.smoothing ?? "method1");
}

/** Self-BLEU of n-grams that are numbered already: see {@link selfBleu}. */
export function selfBleuOf({ ids, distinct }: NumberedNgrams, smoothing: BleuSmoothing): SelfBleu {
  const texts = ids[0] as readonly Int32Array[];
  const scores = new Float64Array(texts.length);
  if (texts.length < 2) return { mean: null, scores };
  const matches = texts.map(() => ids.map(() => 0));
  for (const [i, grams] of ids.entries()) {
    const counted = grams.map(countedOnce);
    const most = mostByOthers(counted, distinct[i] as number);
    for (const [t, counts] of counted.entries())
      for (const [gram, count] of counts)
        (matches[t] as number[])[i] = ((matches[t] as number[])[i] as number) + Math.min(count, most(gram, t));
  }
  const closest = closestLengths(texts.map(({ length }) => length));
  for (const [t, { length }] of texts.entries())
    scores[t] = bleuOf(matches[t] as number[], length, closest[t] as number, smoothing);
  return { mean: scores.reduce((sum, score) => sum + score, 0) / scores.length, scores };
}

/**
 * BLEU of one text against references: nltk's `sentence_bleu` with equal weights.
 * @throws RangeError without a reference, or for an order that is no positive whole number
 */
export function sentenceBleu(
  references: readonly (readonly string[])[],
  hypothesis: readonly string[],
  options: BleuOptions = {},
): number {
  if (references.length === 0) throw new RangeError("expected at least one reference, found none");
  const { ids } = numberNgrams([hypothesis, ...references], checkedOrder(options.order ?? 4));
  const matches = ids.map((texts) => {
    const [own, ...others] = texts.map(countedOnce) as [Map<number, number>, ...Map<number, number>[]];
    let sum = 0;
    for (const [gram, count] of own) sum += Math.min(count, Math.max(...others.map((other) => other.get(gram) ?? 0)));
    return sum;
  });
  const closest = references.reduce(
    (best, { length }) => nearer(hypothesis.length, best, length),
    (references[0] as readonly string[]).length,
  );
  return bleuOf(matches, hypothesis.length, closest, options.smoothing ?? "method1");
}

function checkedOrder(order: number): number {
  if (!Number.isInteger(order) || order < 1 || order > 10)
    throw new RangeError(`expected an order from 1 to 10, found ${order}`);
  return order;
}

function countedOnce(grams: Int32Array): Map<number, number> {
  const counts = new Map<number, number>();
  for (const gram of grams) counts.set(gram, (counts.get(gram) ?? 0) + 1);
  return counts;
}

/** The largest count of an n-gram in any text but one. */
function mostByOthers(counted: readonly Map<number, number>[], grams: number): (gram: number, text: number) => number {
  const largest = new Int32Array(grams);
  const second = new Int32Array(grams);
  const holder = new Int32Array(grams).fill(-1);
  for (const [t, counts] of counted.entries())
    for (const [gram, count] of counts) {
      if (count > (largest[gram] as number)) {
        second[gram] = largest[gram] as number;
        largest[gram] = count;
        holder[gram] = t;
      } else if (count > (second[gram] as number)) second[gram] = count;
    }
  return (gram, text) => (holder[gram] === text ? second[gram] : largest[gram]) as number;
}

/** The nearer of two lengths, the shorter where both are as near. */
function nearer(to: number, a: number, b: number): number {
  const [left, right] = [Math.abs(a - to), Math.abs(b - to)];
  return left < right || (left === right && a < b) ? a : b;
}

/** For each text the length of another text that is nearest to its own. */
function closestLengths(lengths: readonly number[]): number[] {
  const counts = new Map<number, number>();
  for (const length of lengths) counts.set(length, (counts.get(length) ?? 0) + 1);
  const sorted = [...counts.keys()].sort((a, b) => a - b);
  const places = new Map(sorted.map((length, i) => [length, i]));
  return lengths.map((length) => {
    if ((counts.get(length) as number) > 1) return length;
    const at = places.get(length) as number;
    const [below, above] = [sorted[at - 1], sorted[at + 1]];
    if (below === undefined) return above as number;
    return above === undefined ? below : nearer(length, below, above);
  });
}
