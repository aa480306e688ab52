import { wordsOf } from "@videosafety/safety-data";

/** Words, and pairs of neighbouring words where `pairs` is set: what a reader knows who knows nothing of order beyond that. */
export function wordFeatures(text: string, { pairs = false }: { readonly pairs?: boolean } = {}): string[] {
  const words = wordsOf(text);
  if (!pairs) return words;
  const joined = ["^", ...words, "$"];
  return [...words, ...joined.slice(1).map((word, i) => `${joined[i]} ${word}`)];
}
