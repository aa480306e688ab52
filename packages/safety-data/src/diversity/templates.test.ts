import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { induceTemplates } from "./templates.js";

const split = (text: string): string[] => text.split(" ");
const topics = ["gardening", "cooking", "cycling", "slow chess", "baking of bread"];

describe("induceTemplates", () => {
  it("finds the templates that a grammar was made of", () => {
    const templates = [
      "how do I begin {} at home",
      "what is the fastest way to {}",
      "{} is what I want to learn today",
    ];
    const texts = templates.flatMap((template) => topics.map((topic) => split(template.replace("{}", topic))));
    expect(induceTemplates(texts)).toEqual(
      templates
        .map((template) => ({ text: template.replace("{}", "*"), count: 5 }))
        .sort((a, b) => (a.text < b.text ? -1 : 1)),
    );
  });
  it("finds two slots", () => {
    const tones = ["kindly", "quickly", "carefully", "now"];
    const texts = tones.flatMap((tone) =>
      topics.map((topic) => split(`would you ${tone} write one plan about ${topic} for me`)),
    );
    expect(induceTemplates(texts)).toEqual([{ text: "would you * write one plan about * for me", count: 20 }]);
  });
  it("finds a slot that a template says twice", () => {
    const texts = topics.map((topic) =>
      split(`It shows ${topic}. They ask for ${topic}, which is fine.`.replace(/[.,]/g, "")),
    );
    expect(induceTemplates(texts)).toEqual([{ text: "It shows * They ask for * which is fine", count: 5 }]);
  });
  it("leaves varied, short and few texts alone", () => {
    const texts = ["", "a", "a b", "one two three four", "five six seven eight nine", "a b"].map(split);
    expect(induceTemplates(texts)[0]).toEqual({ text: "a b", count: 2 });
    expect(
      induceTemplates([
        ["x", "y", "z"],
        ["x", "y", "w"],
      ]),
    ).toHaveLength(2); // two fillings are not three
    expect(induceTemplates([])).toEqual([]);
  });
  it("covers every text once, in any order", () => {
    const set = fc.array(fc.array(fc.constantFrom("a", "b", "c", "d", "e"), { maxLength: 8 }), { maxLength: 40 });
    fc.assert(
      fc.property(set, (texts) => {
        const found = induceTemplates(texts);
        expect(found.reduce((sum, { count }) => sum + count, 0)).toBe(texts.length);
        expect(induceTemplates(texts.toReversed())).toEqual(found);
        for (const { text } of found) {
          const words = text.split(" ");
          const slots = words.filter((word) => word === "*").length;
          if (slots > 0) expect(words.length - slots).toBeGreaterThan(slots);
          expect(text).not.toContain("* *");
        }
      }),
    );
  });
  it("takes 2,000 long texts", () => {
    const texts = Array.from({ length: 2000 }, (_, i) =>
      Array.from({ length: 100 }, (_, k) => `w${(i * 31 + k * k) % 97}`),
    );
    expect(induceTemplates(texts).reduce((sum, { count }) => sum + count, 0)).toBe(2000);
  });
});
