const WORDS = new Intl.Segmenter("en", { granularity: "word" });

/** Words of a text in lower case, in order, in any language that Unicode's rules and dictionaries split. */
export function wordsOf(text: string): string[] {
  return Array.from(WORDS.segment(text.normalize("NFKC").toLowerCase()))
    .filter(({ isWordLike }) => isWordLike)
    .map(({ segment }) => segment);
}

/** Words, and pairs of neighbouring words where `pairs` is set: what a reader knows who knows nothing of order beyond that. */
export function wordFeatures(text: string, { pairs = false }: { readonly pairs?: boolean } = {}): string[] {
  const words = wordsOf(text);
  if (!pairs) return words;
  const joined = ["^", ...words, "$"];
  return [...words, ...joined.slice(1).map((word, i) => `${joined[i]} ${word}`)];
}
