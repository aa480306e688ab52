import { deriveSeed, seedOf } from "@videosafety/random";

/**
 * Draws `count` texts by a seed, without replacement: those whose hash of seed, text and occurrence is smallest. Which texts are drawn does not
 * depend on their order in the file, and a larger draw holds every smaller one. The result's order means nothing.
 *
 * @returns all texts, in that order, when there are no more than `count`
 */
export function sampleTexts<T extends { readonly text: string }>(
  texts: readonly T[],
  count: number,
  seed: number,
): T[] {
  const occurrences = new Map<string, number>();
  const keyed = texts.map((item) => {
    const occurrence = occurrences.get(item.text) ?? 0;
    occurrences.set(item.text, occurrence + 1);
    return { item, occurrence, key: deriveSeed(seed, seedOf(item.text), occurrence) };
  });
  keyed.sort(
    (a, b) =>
      a.key - b.key || (a.item.text < b.item.text ? -1 : a.item.text > b.item.text ? 1 : a.occurrence - b.occurrence),
  );
  return keyed.slice(0, count).map(({ item }) => item);
}
