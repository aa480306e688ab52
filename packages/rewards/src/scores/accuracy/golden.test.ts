import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  accuracyReward,
  formatReward,
  porterStem,
  rouge,
  tokenize,
  vsr1AccuracyRewards,
  vsr1FormatReward,
} from "../../index.js";

// Written by tools/golden/rewards.py from NLTK 3.10.3, Google's rouge_score and the authors' own functions.
const golden = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../test/golden/${name}.json`, import.meta.url), "utf8"));

interface AuthorsBatch {
  types: string[];
  rows: [completion: string, solution: string][];
  options: Partial<Record<"alpha_min" | "alpha_max" | "gamma_visual" | "gamma_textual", number>>;
  accuracy: number[];
  format: number[];
}

const TYPES = ["rouge1", "rouge2", "rouge3", "rougeL", "rougeLsum"] as const;

describe("golden values, to the last bit", () => {
  it("stems like NLTK", () => {
    const stems: [string, string][] = golden("stems");
    expect(stems.length).toBeGreaterThan(8000);
    expect(stems.filter(([word, stem]) => porterStem(word) !== stem)).toEqual([]);
  });

  it("gives rouge_score's ROUGE-1, -2, -3, -L and -Lsum in ten languages", () => {
    const cases: {
      language: string;
      reference: string;
      hypothesis: string;
      stem: boolean;
      scores: Record<string, number[]>;
    }[] = golden("rouge");
    expect(cases.length).toBeGreaterThanOrEqual(500);
    expect(new Set(cases.map(({ language }) => language)).size).toBe(10);
    for (const { reference, hypothesis, stem, scores } of cases) {
      const found = rouge(reference, hypothesis, TYPES, { useStemmer: stem });
      for (const type of TYPES) {
        const { precision, recall, fmeasure } = found[type];
        expect([precision, recall, fmeasure], `${type} of ${hypothesis}`).toEqual(scores[type]);
      }
    }
    expect(cases.filter(({ scores }) => (scores.rougeL?.[2] ?? 0) > 0).length).toBeGreaterThan(300);
  });

  it("gives the authors' rewards with compat vsr1, faults included", async () => {
    const batches: AuthorsBatch[] = golden("vsr1");
    let rows = 0;
    for (const batch of batches) {
      const {
        alpha_min: alphaMin = 0.1,
        alpha_max: alphaMax = 0.5,
        gamma_visual = 1,
        gamma_textual = 1,
      } = batch.options;
      const found = vsr1AccuracyRewards(
        batch.rows.map(([completion, solution]) => ({ completion, solution })),
        batch.types,
        { alphaMin, alphaMax, gammaVisual: gamma_visual, gammaTextual: gamma_textual },
      );
      batch.rows.forEach(([completion, solution], i) => {
        rows++;
        expect(found[i], JSON.stringify([batch.types[0], completion, solution])).toBe(batch.accuracy[i]);
        expect(vsr1FormatReward(completion)).toBe(batch.format[i]);
      });
    }
    expect(rows).toBeGreaterThan(1500);
    const first = batches.find(({ types, options }) => types[0] === "free-form-and-choice" && !options.alpha_min);
    if (!first) throw new Error("no safety batch in the golden values");
    const batch = {
      completions: first.rows.map(([text]) => ({ text })),
      examples: first.rows.map(([, solution]) => ({ solution, problemType: "free-form-and-choice" as const })),
    };
    expect(await accuracyReward({ compat: "vsr1" })(batch)).toEqual(first.accuracy);
    expect(await formatReward({ compat: "vsr1" })(batch)).toEqual(first.format);
  });

  it("tokenizes like rouge_score", () => {
    expect(tokenize("Running, 3 dogs' innings!")).toEqual(["run", "3", "dog", "inning"]);
    expect(tokenize("Running, 3 dogs' innings!", { useStemmer: false })).toEqual(["running", "3", "dogs", "innings"]);
    expect(tokenize("\u212Aelvin naïve")).toEqual(["kelvin", "na", "ve"]);
  });
});
