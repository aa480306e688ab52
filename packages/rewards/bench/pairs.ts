import { readFileSync } from "node:fs";

interface GoldenPair {
  language: string;
  reference: string;
  hypothesis: string;
}

/** Pairs of texts of about 140 words in the five Latin-script languages of the golden values. */
export function benchPairs(): [reference: string, hypothesis: string][] {
  const url = new URL("../test/golden/rouge.json", import.meta.url);
  const all: GoldenPair[] = JSON.parse(readFileSync(url, "utf8"));
  const latin = all.filter(({ language }) => ["en", "es", "fr", "de", "pt"].includes(language));
  const pairs: [string, string][] = [];
  for (let i = 0; i + 9 < latin.length; i += 2)
    pairs.push([
      latin
        .slice(i, i + 8)
        .map(({ reference }) => reference)
        .join(" "),
      latin
        .slice(i + 1, i + 9)
        .map(({ hypothesis }) => hypothesis)
        .join(" "),
    ]);
  return pairs;
}
