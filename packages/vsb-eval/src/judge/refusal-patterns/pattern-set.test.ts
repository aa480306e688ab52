import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { normalizeForRules } from "../refusal-rules.js";
import { ENGLISH } from "./en.js";
import { HINDI } from "./hi.js";
import { compilePatterns } from "./pattern-set.js";
import { RUSSIAN } from "./ru.js";

/** One alternative for each pattern, each with its own look behind: slower, and plainly right. */
function oneByOne(patterns: readonly string[], letter: string): RegExp {
  const sources = patterns.map((pattern) =>
    pattern.normalize("NFC").replace(/</g, `(?<!${letter})`).replace(/>/g, `(?!${letter})`),
  );
  return new RegExp(sources.map((source) => `(?:${source})`).join("|"), "u");
}

it("patterns that share a look behind match what each of them matches alone, at the same place and with the same words", () => {
  const letters = { en: "[0-9a-z]", ru: "[0-9a-zа-я]", hi: "[0-9\\u0900-\\u0963\\u0966-\\u097f]" };
  for (const set of [ENGLISH, RUSSIAN, HINDI]) {
    const path = new URL(`../../../test/refusals/round-1/${set.language}.tsv`, import.meta.url);
    const texts = readFileSync(path, "utf8").trim().split("\n").map(normalizeForRules);
    for (const part of ["refusal", "soft", "loose", "lack", "resume", "reported"] as const) {
      const plain = oneByOne(set[part], letters[set.language as keyof typeof letters]);
      const grouped = compilePatterns(set[part], set.language);
      for (const text of texts) {
        const [expected, found] = [plain.exec(text), grouped?.exec(text)];
        expect([found?.index, found?.[0]]).toEqual([expected?.index, expected?.[0]]);
      }
    }
  }
});

it("a pattern with alternatives outside brackets keeps its look behind to the first of them", () => {
  expect(compilePatterns(["<a|b"], "en")?.exec("cb")?.[0]).toBe("b");
  expect(compilePatterns(["<a", "<\\|b"], "en")?.exec("c|b")?.[0]).toBeUndefined();
  expect(compilePatterns(["<a", "<[|]b"], "en")?.exec("c |b")?.[0]).toBe("|b");
  expect(compilePatterns([], "en")).toBeNull();
});
