let segmenter: Intl.Segmenter | undefined;

/**
 * Words of a text in lower case after NFKC, in order, in any language: Unicode's word rules, and the platform's dictionaries for scripts
 * that are written without spaces (Chinese, Japanese, Thai, ...), by `Intl.Segmenter`. Punctuation is left out. Two platforms with other
 * dictionaries may split such scripts in other places. Linear time.
 */
export function wordsOf(text: string): string[] {
  segmenter ??= new Intl.Segmenter("en", { granularity: "word" });
  const words: string[] = [];
  for (const { segment, isWordLike } of segmenter.segment(text.normalize("NFKC").toLowerCase()))
    if (isWordLike) words.push(segment);
  return words;
}
