/** Texts as numbers: every n-gram of every order has a number of its own, so that counting needs no strings. */
export interface NumberedNgrams {
  /** `ids[n - 1][t]`: the n-grams of text t in order, as numbers from 0. */
  readonly ids: readonly (readonly Int32Array[])[];
  /** How many different n-grams of each order there are. */
  readonly distinct: readonly number[];
}

/** Numbers words in order of first use, without gaps. */
export function numberWords(texts: readonly (readonly string[])[]): {
  readonly ids: Int32Array[];
  readonly words: string[];
} {
  const numbers = new Map<string, number>();
  const ids = texts.map((words) =>
    Int32Array.from(words, (word) => {
      const known = numbers.get(word);
      if (known !== undefined) return known;
      numbers.set(word, numbers.size);
      return numbers.size - 1;
    }),
  );
  return { ids, words: [...numbers.keys()] };
}

/**
 * Numbers the n-grams of texts up to an order. Exact: an n-gram is the pair of the (n-1)-gram before its last word and that word, and pairs
 * are numbered in a map. Time and memory are linear in the number of words times `order`.
 */
export function numberNgrams(texts: readonly (readonly string[])[], order: number): NumberedNgrams {
  const { ids: words, words: vocabulary } = numberWords(texts);
  const ids: Int32Array[][] = [words];
  const distinct = [vocabulary.length];
  for (let n = 2; n <= order; n++) {
    const shorter = ids[n - 2] as Int32Array[];
    const numbers = new Map<number, number>();
    ids.push(
      words.map((text, t) => {
        const before = shorter[t] as Int32Array;
        const grams = new Int32Array(Math.max(0, text.length - n + 1));
        for (let i = 0; i < grams.length; i++) {
          const key = (before[i] as number) * vocabulary.length + (text[i + n - 1] as number);
          let number = numbers.get(key);
          if (number === undefined) {
            number = numbers.size;
            numbers.set(key, number);
          }
          grams[i] = number;
        }
        return grams;
      }),
    );
    distinct.push(numbers.size);
  }
  return { ids, distinct };
}

/**
 * distinct-n of orders 1 to `order`: different n-grams over all n-grams of the texts together (Li et al. 2016, arXiv 1510.03055). In [0, 1];
 * null where no text has n words. Falls as a set grows: compare sets of equal size.
 */
export function distinctN({ ids, distinct }: NumberedNgrams): (number | null)[] {
  return ids.map((texts, i) => {
    const total = texts.reduce((sum, grams) => sum + grams.length, 0);
    return total === 0 ? null : (distinct[i] as number) / total;
  });
}
