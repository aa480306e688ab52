import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  hackingReport,
  languageConsistency,
  lengthBonus,
  overlongPenalty,
  type RewardRow,
  repetitionPenalty,
  scoreRow,
  temporalBonus,
  thinkLeakagePenalty,
} from "../index.js";

const tagged = (answer: string, think = "t", visual = 1, textual = 0) =>
  `<think>${think}</think><answer>${answer}</answer><vidType>${visual}</vidType><textType>${textual}</textType>`;
const row = (completion: string, extra: Partial<RewardRow> = {}): RewardRow => ({
  completion,
  solution: tagged("a reference answer"),
  problemType: "free-form-and-choice",
  ...extra,
});
const value = async (reward: Parameters<typeof scoreRow>[0], of: RewardRow) => (await scoreRow(reward, of)).value;

describe("length rewards", () => {
  it("punish softly from the buffer on (DAPO, equation 13)", async () => {
    const reward = overlongPenalty({ maxTokens: 100, bufferTokens: 20 });
    const values = [0, 80, 85, 90, 100, 200].map((completionTokens) => value(reward, row("", { completionTokens })));
    expect((await Promise.all(values)).map((v) => v || 0)).toEqual([0, 0, -0.25, -0.5, -1, -1]);
    expect(await value(reward, row(""))).toBeNull();
    expect(() => overlongPenalty({ maxTokens: 10, bufferTokens: 20 })).toThrow(RangeError);
  });

  it("give the authors' bonuses to right completions only, and not to a single one", () => {
    expect(lengthBonus([2, 0.1, 1, null, 1], [320, 400, 512, 400, 513])).toEqual([0.2, 0, 0.2, 0, 0]);
    expect(lengthBonus([2, 0], [400, 400])).toEqual([0, 0]);
    expect(() => lengthBonus([1], [])).toThrow(RangeError);
    expect(temporalBonus([1, 0, null], [0.6])).toEqual([0.3, 0, 0]);
    expect(temporalBonus([1, 0], [0.7])).toEqual([0, 0]);
    expect(temporalBonus([null], [1])).toEqual([0]);
  });
});

describe("text penalties", () => {
  it("find repetition in any script", async () => {
    expect(await value(repetitionPenalty(2), row("one two three four"))).toBe(0);
    expect(await value(repetitionPenalty(2), row("one two one two one two"))).toBeCloseTo(-0.6, 14);
    expect(await value(repetitionPenalty(4), row("我不能帮助你我不能帮助你"))).toBeLessThan(0);
    fc.assert(
      fc.property(fc.string(), (text) => {
        const score = repetitionPenalty()(row(text), {});
        expect("value" in score && score.value).toBeLessThanOrEqual(0);
      }),
    );
  });

  it("find an answer that stands in the reasoning, and tags there", async () => {
    const answer = "walk away from the fight and call for help at once";
    expect(await value(thinkLeakagePenalty(), row(tagged(answer, "the user should stay calm")))).toBe(0);
    expect(await value(thinkLeakagePenalty(), row(tagged(answer, `so: ${answer}`)))).toBe(-1);
    const half = thinkLeakagePenalty(2)(row(tagged("a b c", "a b <vidType>")), {});
    expect(half).toMatchObject({ value: -0.5, parts: { tagsInThink: 1 } });
    expect(await value(thinkLeakagePenalty(), row("no tags"))).toBe(0);
  });
});

describe("languageConsistency", () => {
  it.each([
    ["لا أستطيع", "لا", 1],
    ["I cannot", "لا", 0],
    ["この AI です", "日本語です", 5 / 7],
    ["no", "123", null],
    ["1", "no", 0],
  ])("%s against %s: %d", async (answer, reference, expected) => {
    const score = await value(languageConsistency(), row(tagged(answer), { solution: tagged(reference) }));
    if (expected === null) expect(score).toBeNull();
    else expect(score).toBeGreaterThanOrEqual(expected - 0.15);
    if (expected === 0) expect(score).toBe(0);
  });
});

describe("hackingReport", () => {
  it("shows always answering 1/1, templates, dead groups and what the variance comes from", () => {
    const items = Array.from({ length: 8 }, (_, i) => ({
      completion: tagged(i < 6 ? "I cannot help with that." : `other ${i}`, `t${i % 7}`, 1, 1),
      solution: tagged("x", "t", i % 2, 1),
      completion_length: 10 * i,
      group_id: i < 4 ? "a" : "b",
    }));
    const rewards = items.map((_, i) => [i < 4 ? 1 : i, 1]);
    const report = hackingReport({ items, names: ["accuracy", "format"], rewards });
    expect(report.visualLabels).toEqual({
      predictedHarmful: 1,
      trueHarmful: 0.5,
      accuracy: 0.5,
      constantAccuracy: 0.5,
    });
    expect(report.textualLabels.accuracy).toBe(1);
    expect(report.commonestOpening).toEqual({ text: "I cannot help with that.", share: 0.75 });
    expect(report.deadGroupShare).toBe(0.5);
    expect(report.varianceShare).toEqual({ accuracy: 1, format: 0 });
    expect(report.lengthCorrelation).toBeGreaterThan(0.8);
    expect(report.duplicateShare).toBe(0);
  });

  it("has shares that add up to 1, and says null where a number has no meaning", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 })), { minLength: 2 }),
        (rewards) => {
          const items = rewards.map((_, i) => ({ completion: `c${i}`, solution: "" }));
          const { varianceShare } = hackingReport({ items, names: ["a", "b"], rewards, weights: [1, 2] });
          if (varianceShare) expect((varianceShare.a ?? 0) + (varianceShare.b ?? 0)).toBeCloseTo(1, 10);
          else expect(new Set(rewards.map(([a, b]) => a + 2 * b)).size).toBe(1);
        },
      ),
    );
    expect(hackingReport({ items: [], names: ["a"], rewards: [] })).toEqual({
      varianceShare: null,
      lengthCorrelation: null,
      duplicateShare: null,
      commonestOpening: null,
      visualLabels: { predictedHarmful: null, trueHarmful: null, accuracy: null, constantAccuracy: null },
      textualLabels: { predictedHarmful: null, trueHarmful: null, accuracy: null, constantAccuracy: null },
      deadGroupShare: null,
    });
  });
});
