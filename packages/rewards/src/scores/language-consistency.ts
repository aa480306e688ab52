import { parseTaggedCompletion } from "@videosafety/safety-data";
import { codePointTable } from "../text/code-point-table.js";
import type { RowReward } from "./reward-row.js";
import { scored, unscorable } from "./score.js";

const SCRIPTS = [
  "Latin",
  "Han",
  "Hiragana",
  "Katakana",
  "Cyrillic",
  "Arabic",
  "Devanagari",
  "Hangul",
  "Bengali",
  "Greek",
  "Hebrew",
  "Tamil",
  "Telugu",
  "Thai",
] as const;
const PATTERNS = SCRIPTS.map((script) => new RegExp(`\\p{Script=${script}}`, "u"));
/** 0 = no letter, 1 = a letter of another script, 2 + i = a letter of SCRIPTS[i]. */
const letterOf = codePointTable((character) =>
  /\p{L}/u.test(character) ? 2 + PATTERNS.findIndex((pattern) => pattern.test(character)) : 0,
);

/** Share of a reference's letters from which on a script belongs to its language. */
const LEAST_SHARE = 0.1;

/**
 * Share of the completion's letters that are in the scripts of the reference's answer, in [0, 1]: 1 for an Arabic answer to
 * an Arabic reference, 0 for an English one. It tells scripts apart, not languages: Spanish and German look the same.
 * Unscorable for a reference without letters; 0 for a completion without any.
 * @param part which part of the completion must keep the language; default the answer
 */
export function languageConsistency(part: "answer" | "whole" = "answer"): RowReward {
  return ({ completion, solution }) => {
    const expected = scriptCounts(parseTaggedCompletion(solution).answer ?? "");
    if (expected.letters === 0) return unscorable("expected letters in the reference's answer, found none");
    const text = part === "answer" ? (parseTaggedCompletion(completion).answer ?? "") : stripTags(completion);
    const found = scriptCounts(text);
    if (found.letters === 0) return scored(0, {}, "the completion has no letters");
    const kept = found.counts.reduce(
      (sum, count, i) => sum + ((expected.counts[i] ?? 0) / expected.letters >= LEAST_SHARE ? count : 0),
      0,
    );
    return scored(kept / found.letters);
  };
}

function scriptCounts(text: string): { letters: number; counts: number[] } {
  const counts = SCRIPTS.map(() => 0);
  let letters = 0;
  for (let i = 0; i < text.length; ) {
    const code = text.codePointAt(i) as number;
    const letter = letterOf(code);
    if (letter > 0) letters++;
    if (letter > 1) counts[letter - 2] = (counts[letter - 2] as number) + 1;
    i += code > 0xffff ? 2 : 1;
  }
  return { letters, counts };
}

function stripTags(text: string): string {
  return text.replace(/<\/?(?:think|answer|vidType|textType)>/g, " ");
}
