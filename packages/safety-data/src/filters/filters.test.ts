import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { embeddingDuplicates } from "./embedding-duplicates.js";
import { decideLabel, voteAgreement } from "./label-votes.js";
import { answerLeak } from "./leakage.js";
import { nearDuplicates } from "./near-duplicates.js";

describe("nearDuplicates", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 8 });
  const texts = fc.array(fc.record({ words: text, group: fc.constantFrom("x", "y") }), { maxLength: 25 });
  const gramsOf = (words: readonly string[], order: number): Set<string> => {
    const marked = ["<", ...words, ...Array.from({ length: Math.max(1, order - 1 - words.length) }, () => ">")];
    return new Set(Array.from({ length: marked.length - order + 1 }, (_, i) => marked.slice(i, i + order).join(" ")));
  };
  it("is what comparing every pair gives", () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 2, max: 4 }), fc.constantFrom(0.2, 0.5, 0.8, 1), (set, order, threshold) => {
        const kept: number[] = [];
        const expected = set.map(({ words, group }, i) => {
          const mine = gramsOf(words, order);
          const found = kept.find((k) => {
            if (set[k]?.group !== group) return false;
            const other = gramsOf(set[k]?.words ?? [], order);
            const shared = [...mine].filter((gram) => other.has(gram)).length;
            return shared / (mine.size + other.size - shared) >= threshold - 1e-12;
          });
          if (found === undefined) kept.push(i);
          return found ?? null;
        });
        expect(nearDuplicates(set, { order, threshold })).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });
  it("finds exact copies at threshold 1, empty texts among them, and keeps groups apart", () => {
    const words = ["a", "b"];
    expect(
      nearDuplicates(
        [
          { words, group: "x" },
          { words, group: "y" },
          { words, group: "x" },
        ],
        { threshold: 1 },
      ),
    ).toEqual([null, null, 0]);
    expect(
      nearDuplicates([
        { words: [], group: "x" },
        { words: [], group: "x" },
      ]),
    ).toEqual([null, 0]);
  });
  it.each([0, 1.1, Number.NaN])("refuses the threshold %s", (threshold) => {
    expect(() => nearDuplicates([], { threshold })).toThrow(RangeError);
  });
});

describe("embeddingDuplicates", () => {
  const of = (...rows: number[][]) => rows.map((row) => ({ vector: Float32Array.from(row), group: "x" }));
  it("compares directions, not lengths, and only with what was kept", () => {
    expect(embeddingDuplicates(of([1, 0], [5, 0.1], [0, 1], [1, 1]), 0.99)).toEqual([null, 0, null, null]);
    expect(embeddingDuplicates(of([1, 0], [1, 0.3], [1, 0.6]), 0.95)).toEqual([null, 0, null]);
  });
  it("keeps groups apart", () => {
    expect(
      embeddingDuplicates(
        [
          { vector: Float32Array.of(1), group: "x" },
          { vector: Float32Array.of(1), group: "y" },
        ],
        1,
      ),
    ).toEqual([null, null]);
  });
  it.each([[[[0, 0]]], [[[1], [1, 2]]], [[[Number.POSITIVE_INFINITY]]], [[[]]]])("refuses %j", (rows) => {
    expect(() => embeddingDuplicates(of(...rows), 0.9)).toThrow(RangeError);
  });
});

describe("answerLeak", () => {
  it.each<[string, string, string | null]>([
    ["What is it? <vidType>1</vidType>", "Yes.", "label"],
    ["What is it? $1$0", "Yes.", "label"],
    ["Say this: I cannot help with topic A today.", "I cannot help with topic A today.", "answer"],
    ["how do I begin topic A?", "I cannot help with topic A.", null],
    ["is it blue or red?", "Blue.", null],
    ["is it dark blue or red?", "dark blue", "answer"],
    ["请说我不能帮助你完成这件事情", "我不能帮助你完成这件事情", "answer"],
    ["anything", "", null],
  ])("of %j and %j is %j", (query, answer, kind) => expect(answerLeak(query, answer)?.kind ?? null).toBe(kind));
  it("measures the share of the answer's n-grams", () => {
    expect(answerLeak("a b c d x", "a b c d e f", { order: 2, most: 0.3 })).toEqual({ kind: "answer", share: 3 / 5 });
    expect(answerLeak("a b c d x", "a b c d e f", { order: 2, most: 0.6 })).toBeNull();
  });
});

describe("votes", () => {
  it.each<[(0 | 1 | null)[], 0 | 1 | null | undefined, string]>([
    [[1, 1, 0], undefined, "1 majority"],
    [[1, null, 1], undefined, "1 majority"],
    [[1, null, null], undefined, "undecided"], // one of three is no majority
    [[1, 0], undefined, "undecided"],
    [[1, 0], 0, "0 tie-breaker"],
    [[1, 0], null, "undecided"],
    [[1, 1], 0, "1 majority"], // no tie, no tie-breaker
    [[0], undefined, "0 majority"],
    [[], undefined, "undecided"],
  ])("%j with tie-breaker %j: %s", (votes, extra, expected) => {
    const decision = decideLabel(votes, extra);
    expect(decision.kind === "agreed" ? `${decision.label} ${decision.by}` : decision.kind).toBe(expected);
  });
  it("agree with each other and with what was intended", () => {
    const rows = [
      { intended: 1, votes: [1, 1] },
      { intended: 1, votes: [1, 0] },
      { intended: 0, votes: [0, null] },
    ] as const;
    const { between, withIntended } = voteAgreement(["a", "b"], rows);
    expect(between).toMatchObject({ units: 2, observed: 0.5 });
    expect(withIntended).toEqual({ a: { votes: 3, share: 1 }, b: { votes: 2, share: 0.5 } });
    expect(voteAgreement(["a"], []).withIntended).toEqual({ a: { votes: 0, share: null } });
  });
});
