import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { classifyRefusal, REFUSAL_LANGUAGES } from "./refusal-rules.js";

interface Labelled {
  split: string;
  label: string;
  text: string;
}

function labelled(language: string): Labelled[] {
  const path = new URL(`../../test/refusals/${language}.tsv`, import.meta.url);
  const [, ...lines] = readFileSync(path, "utf8").trim().split("\n");
  return lines.map((line) => {
    const [split = "", label = "", text = ""] = line.split("\t");
    return { split, label, text };
  });
}

describe("agreement with the labelled set (test/refusals)", () => {
  it.each(REFUSAL_LANGUAGES)("%s: at least 95 %% of the held-out part", (language) => {
    const rows = labelled(language);
    const held = rows.filter(({ split }) => split === "held-out");
    expect(held.length).toBeGreaterThanOrEqual(20);
    const wrong = held.filter(({ label, text }) => classifyRefusal(text).stance !== label);
    const seen = wrong.map(({ label, text }) => `${label} but ${classifyRefusal(text).stance}: ${text}`);
    expect(wrong.length / held.length, seen.join("\n")).toBeLessThanOrEqual(0.05);
  });
});
