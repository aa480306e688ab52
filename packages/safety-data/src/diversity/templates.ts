import { numberWords } from "./ngrams.js";

/** A template: words and open slots. */
export interface Template {
  /** Its words, `*` for a slot. */
  readonly text: string;
  /** How many texts it covers. */
  readonly count: number;
}

/** Bounds of `induceTemplates`. */
export interface TemplateOptions {
  /** Different fillings that make a span a slot; default 3. */
  readonly leastFillings?: number;
  /** Most words of a filling; default 4. */
  readonly mostSlotWords?: number;
  /** Most slots of a template, one is found in each round; default 3. */
  readonly rounds?: number;
  /** Words of a text that are looked at; default 60. */
  readonly words?: number;
}

const SLOT = -1;

/**
 * Finds the templates that texts were made from, by masking slots: a span of one to four words is a slot when texts that are equal before and after
 * it fill it in at least three ways; a span that a text holds several times is also masked at all its places at once. Each text takes its span with the
 * most fillings (on a tie the shortest one, then the first one); then slots are sought again in the masked texts. A template keeps at least two words, and more words than slots; slots never touch. Texts that share
 * no slot stay templates of their own.
 *
 * The result does not depend on the order of the texts. Time and memory: texts x words x 4 x 3.
 *
 * @param texts words of each text
 * @returns templates, the largest first; the counts sum to the number of texts
 */
export function induceTemplates(texts: readonly (readonly string[])[], options: TemplateOptions = {}): Template[] {
  const { leastFillings = 3, mostSlotWords = 4, rounds = 3, words: longest = 60 } = options;
  const { ids, words } = numberWords(texts.map((text) => text.slice(0, longest)));
  let skeletons = merge(ids.map((tokens) => ({ tokens: [...tokens], count: 1 })));
  for (let round = 0; round < rounds; round++) {
    const buckets = new Map<number | string, number>();
    const numbers = { before: new PairNumbers(), after: new PairNumbers(), around: new PairNumbers() };
    const all = skeletons.map(({ tokens }) => spansOf(tokens, mostSlotWords, numbers));
    for (const spans of all) for (const { bucket } of spans) buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
    let changed = false;
    const next = skeletons.map((skeleton, i) => {
      let best: Span | null = null;
      let most = leastFillings - 1;
      // Spans come shortest first, then from the left. Different texts in one bucket have different fillings.
      for (const span of all[i] as Span[]) {
        const fillings = buckets.get(span.bucket) as number;
        if (fillings > most) [best, most] = [span, fillings];
      }
      if (best === null) return skeleton;
      changed = true;
      return { tokens: masked(skeleton.tokens, best), count: skeleton.count };
    });
    if (!changed) break;
    skeletons = merge(next);
  }
  return skeletons
    .map(({ tokens, count }) => ({ text: tokens.map((id) => (id === SLOT ? "*" : words[id])).join(" "), count }))
    .sort((a, b) => b.count - a.count || (a.text < b.text ? -1 : 1));
}

interface Skeleton {
  readonly tokens: readonly number[];
  readonly count: number;
}

interface Span {
  /** Where it stands; several places hold the same words. */
  readonly starts: readonly number[];
  readonly length: number;
  /** What stands around it: a number for one place, the masked text for several. */
  readonly bucket: number | string;
}

function masked(tokens: readonly number[], { starts, length }: Omit<Span, "bucket">): number[] {
  const [first, ...more] = starts;
  if (first === undefined) return [...tokens];
  const rest = masked(tokens.slice(first + length), { starts: more.map((start) => start - first - length), length });
  return [...tokens.slice(0, first), SLOT, ...rest];
}

function merge(skeletons: readonly Skeleton[]): Skeleton[] {
  const merged = new Map<string, { tokens: readonly number[]; count: number }>();
  for (const { tokens, count } of skeletons) {
    const key = tokens.join(" ");
    const known = merged.get(key);
    if (known) known.count += count;
    else merged.set(key, { tokens, count });
  }
  return [...merged.values()];
}

/** Numbers pairs of numbers in order of first use; 0 is kept for "nothing". */
class PairNumbers {
  readonly #numbers = new Map<number, number>();
  of(a: number, b: number): number {
    // Both stay far below 2^26: the bounds on texts and words see to it.
    const key = a * 2 ** 26 + b;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.#numbers.size + 1);
    return this.#numbers.size;
  }
}

/** Every span that may become a slot, shortest first, with the number of what surrounds it. */
function spansOf(
  tokens: readonly number[],
  mostSlotWords: number,
  numbers: Readonly<Record<"before" | "after" | "around", PairNumbers>>,
): Span[] {
  const slots = tokens.filter((id) => id === SLOT).length;
  const fixed = tokens.length - slots;
  const before = [0];
  for (const id of tokens) before.push(numbers.before.of(before[before.length - 1] as number, id + 1));
  const after = [0];
  for (const id of tokens.toReversed()) after.unshift(numbers.after.of(after[0] as number, id + 1));
  const free = (start: number, length: number): boolean =>
    !tokens.slice(Math.max(0, start - 1), start + length + 1).includes(SLOT);
  const spans: Span[] = [];
  for (let length = 1; length <= mostSlotWords; length++) {
    if (!mayMask(fixed - length, slots + 1)) break;
    const seen = new Map<string, number[]>();
    for (let start = 0; start + length <= tokens.length; start++) {
      if (!free(start, length)) continue;
      const bucket = numbers.around.of(before[start] as number, after[start + length] as number);
      spans.push({ starts: [start], length, bucket });
      const words = tokens.slice(start, start + length).join(" ");
      const starts = seen.get(words) ?? [];
      seen.set(words, starts);
      // Slots never touch.
      if (start > (starts.at(-1) ?? -1 - length) + length) starts.push(start);
    }
    for (const starts of seen.values())
      if (starts.length > 1 && mayMask(fixed - starts.length * length, slots + starts.length))
        spans.push({ starts, length, bucket: masked(tokens, { starts, length }).join(" ") });
  }
  return spans;
}

/** At least two words stay, and more words than slots. */
const mayMask = (words: number, slots: number): boolean => words >= 2 && words > slots;
