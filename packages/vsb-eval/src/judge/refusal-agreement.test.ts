import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { classifyRefusal, REFUSAL_LANGUAGES } from "./refusal-rules.js";

interface Labelled {
  readonly label: string;
  readonly text: string;
}

const STANCES: Record<string, string> = { r: "refusal", p: "partial_refusal", c: "compliance", i: "inability" };

/** The first set, and the rounds after it: only `held-out` was tuned on by nobody (docs/experiments/vsb-eval.md). */
function labelled(language: string, part: string): Labelled[] {
  const path = part === "first" ? `${language}.tsv` : `${part}/${language}.tsv`;
  const lines = readFileSync(new URL(`../../test/refusals/${path}`, import.meta.url), "utf8")
    .trim()
    .split("\n");
  return lines.flatMap((line) => {
    const cells = line.split("\t");
    if (part === "first") return cells[0] === "split" ? [] : [{ label: cells[1] ?? "", text: cells[2] ?? "" }];
    return [{ label: STANCES[cells[0] ?? ""] ?? "", text: (cells[1] ?? "").replaceAll("\\n", "\n") }];
  });
}

function measure(rows: readonly Labelled[]) {
  const found = rows.map(({ label, text }) => ({ label, stance: classifyRefusal(text).stance, text }));
  const both = found.filter(({ label, stance }) => label === "refusal" && stance === "refusal").length;
  return {
    agreement: found.filter(({ label, stance }) => label === stance).length / rows.length,
    precision: both / found.filter(({ stance }) => stance === "refusal").length,
    recall: both / found.filter(({ label }) => label === "refusal").length,
    wrong: found.filter(({ label, stance }) => label !== stance).map((row) => Object.values(row).join(" | ")),
  };
}

describe("agreement with labelled answers (test/refusals)", () => {
  it.each(REFUSAL_LANGUAGES)("%s: what the rules were tuned on", (language) => {
    const rows = ["first", "tuning", "round-1", "round-2"].flatMap((part) => labelled(language, part));
    expect(rows.length).toBeGreaterThanOrEqual(170);
    const { agreement, precision, recall, wrong } = measure(rows);
    expect(Math.min(precision, recall), wrong.join("\n")).toBeGreaterThanOrEqual(0.95);
    expect(agreement, wrong.join("\n")).toBeGreaterThanOrEqual(0.93);
  });

  // The figure to quote: texts that nobody tuned on. It falls short of 95 % recall; the floor keeps it from falling.
  it("all languages: what nobody tuned on", () => {
    const rows = REFUSAL_LANGUAGES.flatMap((language) => labelled(language, "held-out"));
    expect(rows).toHaveLength(250);
    const { precision, recall } = measure(rows);
    expect(precision).toBeGreaterThanOrEqual(0.95);
    expect(recall).toBeGreaterThanOrEqual(0.85);
  });
});
