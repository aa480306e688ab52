import { describe, expect, it } from "vitest";
import { accuracyReward, accuracyScore, composeRewards, formatReward, formatScore } from "../../index.js";

describe("percentages", () => {
  const grade = (truth: string, answer: string) =>
    accuracyScore({ completion: tag(answer), solution: tag(truth), problemType: "numerical" }).value;
  const tag = (text: string) => `<answer>${text}</answer>`;

  it("are compared in percent, to two decimals", () => {
    for (const [truth, answer, expected] of [
      ["12.4%", "12.3%", 0],
      ["12.4 %", "12.4%", 1],
      ["0", "0.4%", 0],
      ["0.4%", "0", 0],
      ["0%", "0.004%", 1],
      ["12.4%", "0.124", 1],
      ["0.124", "12.3%", 0],
      ["12.4%", "12.4", 0],
      ["12.4\\%", "$12.40\\%$", 1],
      ["\\frac{1}{8}", "12.5%", 1],
      ["\\frac{1}{8}", "12.4%", 0],
      ["-3%", "-3.1%", 0],
      ["0.29", "29%", 1],
      ["3", "3.001", 1],
    ] as const)
      expect([truth, answer, grade(truth, answer)]).toEqual([truth, answer, expected]);
  });
});

describe("an unknown problem type", () => {
  it("is refused with the known ones, never a name of Object.prototype", () => {
    for (const problemType of ["constructor", "__proto__", "toString", "Numerical", ""]) {
      const row = {
        completion: "<think>t</think><answer>1</answer>",
        solution: "<answer>1</answer>",
        problemType,
      } as never;
      for (const score of [accuracyScore(row), formatScore(row)])
        expect(score).toMatchObject({
          value: null,
          reason: expect.stringMatching(
            /free-form-and-choice, free-form, multiple choice, numerical, OCR, regression\), found/,
          ),
        });
    }
  });
});

describe("a prompt that already holds <think>", () => {
  const batch = {
    completions: [{ text: "two and one, not <answer>4</answer></think><answer>3</answer>" }],
    examples: [{ solution: "<answer>3</answer>", problemType: "numerical" as const }],
  };
  it("counts with completionPrefix", async () => {
    const rows = { completionPrefix: "<think>" };
    expect(await formatReward()({ ...batch, completions: [{ text: "t</think><answer>3</answer>" }] })).toEqual([0]);
    expect(await formatReward({}, rows)({ ...batch, completions: [{ text: "t</think><answer>3</answer>" }] })).toEqual([
      1,
    ]);
    expect(await accuracyReward()(batch)).toEqual([0]); // the answer quoted in the thought is taken
    expect(await accuracyReward({}, rows)(batch)).toEqual([1]);
    const both = composeRewards({ accuracy: { score: (row) => accuracyScore(row) } }, rows);
    expect(await both.reward(batch)).toEqual([1]);
  });
});
