import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diversityTable } from "./diversity-table.js";
import { measureDiversity } from "./measure-diversity.js";
import { distinctN, numberNgrams } from "./ngrams.js";
import { recordText } from "./record-text.js";
import { sampleTexts } from "./sample-texts.js";
import { type BleuSmoothing, selfBleu, sentenceBleu } from "./self-bleu.js";
import { compressionRatio, entropyBits, lengthSpread, openingsOf } from "./spread.js";

const golden = JSON.parse(readFileSync(new URL("../../test/golden/diversity.json", import.meta.url), "utf8")) as {
  pairs: [string[][], string[], number, BleuSmoothing, number][];
  sets: { texts: string[][]; method: BleuSmoothing; scores: number[] }[];
  gzip: { texts: string[]; ratio: number };
};
const word = fc.constantFrom("a", "b", "c", "dd", "e", "f");
const texts = fc.array(fc.array(word, { maxLength: 9 }), { minLength: 2, maxLength: 14 });

describe("BLEU", () => {
  it("is nltk's sentence_bleu to 1e-9, for every smoothing, order and length", () => {
    for (const [references, hypothesis, order, smoothing, value] of golden.pairs)
      expect(Math.abs(sentenceBleu(references, hypothesis, { order, smoothing }) - value)).toBeLessThan(1e-9);
  });
  it("of every text against all others is nltk's to 1e-9", () => {
    for (const { texts, method, scores } of golden.sets) {
      const found = selfBleu(texts, { smoothing: method });
      for (const [i, score] of scores.entries())
        expect(Math.abs((found.scores[i] as number) - score)).toBeLessThan(1e-9);
      expect(found.mean).toBeCloseTo(scores.reduce((a, b) => a + b) / scores.length, 9);
    }
  });
  it("in linear time is what comparing all pairs gives", () => {
    fc.assert(
      fc.property(
        texts,
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom("method0", "method1", "method2"),
        (set, order, smoothing) => {
          const { scores } = selfBleu(set, { order, smoothing });
          for (const [i, text] of set.entries())
            expect(scores[i]).toBeCloseTo(sentenceBleu(set.toSpliced(i, 1), text, { order, smoothing }), 12);
        },
      ),
    );
  });
  it("is 1 for copies, does not fall when a text is repeated, and lies in [0, 1]", () => {
    const copy = ["a", "b", "c", "dd"];
    expect(selfBleu([copy, copy]).mean).toBeCloseTo(1, 12);
    fc.assert(
      fc.property(texts, fc.nat(), (set, pick) => {
        const before = selfBleu(set);
        const doubled = selfBleu([...set, set[pick % set.length] as string[]]);
        for (const [i, score] of before.scores.entries()) {
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(1 + 1e-12);
          // More references never take matches away; the nearest length can only come nearer or stay.
          if ((set[i] as string[]).length >= 4)
            expect((doubled.scores[i] as number) + 1e-12).toBeGreaterThanOrEqual(Math.min(score, bound(set, i, pick)));
        }
      }),
    );
  });
  it.each([0, 1.5, 11])("refuses order %s", (order) => {
    expect(() => selfBleu([["a"], ["b"]], { order })).toThrow(RangeError);
  });
  it("has no mean of one text, and refuses no reference", () => {
    expect(selfBleu([["a"]]).mean).toBeNull();
    expect(selfBleu([]).mean).toBeNull();
    expect(() => sentenceBleu([], ["a"])).toThrow(/at least one reference/);
  });
});

/** A nearer but longer reference may cost brevity: nltk's rule, so the property leaves room for exactly that. */
function bound(set: readonly (readonly string[])[], i: number, pick: number): number {
  const [text, added] = [set[i] as string[], set[pick % set.length] as string[]];
  return added.length > text.length ? Math.exp(1 - added.length / text.length) : 1;
}

describe("other measures", () => {
  it("distinct-n by hand", () => {
    const ngrams = numberNgrams([["a", "b", "a", "b"], ["a", "b"], ["c"]], 5);
    expect(distinctN(ngrams)).toEqual([3 / 7, 2 / 4, 1, 1, null]);
  });
  it("n-grams are numbered exactly: equal numbers where and only where the words are equal", () => {
    fc.assert(
      fc.property(texts, (set) => {
        const { ids } = numberNgrams(set, 3);
        const seen = new Map<string, number>();
        for (const [t, text] of set.entries())
          for (const [i, id] of (ids[2]?.[t] ?? new Int32Array()).entries()) {
            const key = text.slice(i, i + 3).join(" ");
            expect(seen.get(key) ?? id).toBe(id);
            seen.set(key, id);
          }
        expect(new Set(seen.values()).size).toBe(seen.size);
      }),
    );
  });
  it("entropy: 0 of one kind, log2 of equal kinds", () => {
    expect(entropyBits([5])).toBe(0);
    expect(entropyBits([2, 2, 2, 2])).toBe(2);
    expect(entropyBits([])).toBe(0);
    expect(openingsOf([["a", "b"], ["a", "b"], ["a"]], 2)).toEqual({
      words: 2,
      distinct: 2,
      entropyBits: entropyBits([2, 1]),
      most: { text: "a b", share: 2 / 3 },
    });
  });
  it("lengths as numpy's default quantiles", () => {
    expect(lengthSpread([1, 2, 3, 10])).toEqual({
      mean: 4,
      standardDeviation: Math.sqrt((9 + 4 + 1 + 36) / 4),
      shortest: 1,
      quartiles: [1.75, 2.5, 4.75],
      longest: 10,
    });
    expect(lengthSpread([])).toBeNull();
  });
  it("gzip's ratio is Python's within 3 % (their gzips differ)", async () => {
    expect(Math.abs(((await compressionRatio(golden.gzip.texts)) as number) / golden.gzip.ratio - 1)).toBeLessThan(
      0.03,
    );
    expect(await compressionRatio([])).toBeNull();
  });
});

describe("measureDiversity", () => {
  const varied = [
    "how do I begin gardening",
    "what is the way to cook",
    "I would like a plan",
    "kindly show me something",
    "where is it",
  ];
  const mixed = fc.array(
    fc.record({
      text: fc.constantFrom(...varied, "怎么做一个计划", "計画を書いてください"),
      language: fc.constantFrom("en", "zh", "ja"),
    }),
    { minLength: 1, maxLength: 25 },
  );
  it("does not depend on the order of the texts", async () => {
    await fc.assert(
      fc.asyncProperty(mixed, fc.nat(), async (set, turn) => {
        const at = turn % set.length;
        const turned = [...set.slice(at), ...set.slice(0, at)].reverse();
        expect(await measureDiversity(turned, { sample: 8 })).toEqual(await measureDiversity(set, { sample: 8 }));
      }),
      { numRuns: 40 },
    );
  });
  it("tells one template from varied texts", async () => {
    const topics = ["gardening", "cooking", "cycling", "chess", "baking"];
    const language = "en";
    const { en: one } = (
      await measureDiversity(topics.map((topic) => ({ text: `please write a plan for ${topic} now`, language })))
    ).languages;
    const { en: many } = (await measureDiversity(varied.map((text) => ({ text, language })))).languages;
    expect(one?.templates).toEqual({
      count: 1,
      entropyBits: 0,
      largest: { text: "please write a plan for * now", count: 5, share: 1 },
    });
    expect(many?.templates.largest?.share).toBe(0.2);
    expect(one?.selfBleu as number).toBeGreaterThan(many?.selfBleu as number);
    expect(one?.openings.entropyBits).toBe(0);
    expect(one?.compressionRatio as number).toBeGreaterThan(many?.compressionRatio as number);
  });
  it("splits Chinese and Japanese into words, and counts what it cut", async () => {
    const { languages } = await measureDiversity(
      [
        { text: "请写一个园艺计划", language: "zh" },
        { text: "園芸の計画を書いてください", language: "ja" },
      ],
      { maxWords: 3 },
    );
    expect(Object.keys(languages)).toEqual(["ja", "zh"]);
    for (const { words, cut } of Object.values(languages)) expect([words, cut]).toEqual([3, 1]);
  });
  it("draws the same texts in any order, a larger draw holding the smaller", () => {
    const items = Array.from({ length: 50 }, (_, i) => ({ text: `t${i % 40}` }));
    const small = sampleTexts(items, 10, 3).map(({ text }) => text);
    expect(sampleTexts(items.toReversed(), 10, 3).map(({ text }) => text)).toEqual(small);
    expect(
      sampleTexts(items, 20, 3)
        .slice(0, 10)
        .map(({ text }) => text),
    ).toEqual(small);
    expect(sampleTexts(items, 10, 4).map(({ text }) => text)).not.toEqual(small);
  });
  it("refuses unknown options", async () => {
    await expect(measureDiversity([], { samples: 3 } as never)).rejects.toThrow(/samples/);
    expect((await measureDiversity([])).languages).toEqual({});
  });
  it("makes a table", async () => {
    const { languages } = await measureDiversity(
      varied.map((text) => ({ text, language: "en" })),
      { order: 1 },
    );
    const lines = diversityTable(Object.entries(languages)).trim().split("\n");
    expect(new Set(lines.map((line) => line.split("|").length)).size).toBe(1);
    expect(lines[2]).toMatch(/^\| en \| 5 \| 0\.0 % \|/);
  });
});

describe("recordText", () => {
  const tagged = "<think>A plan.</think><answer>No.</answer><vidType>0</vidType><textType>1</textType>";
  it.each([
    [
      {
        conversations: [
          { from: "human", value: "<video>Why?" },
          { from: "gpt", value: tagged },
        ],
      },
      ["Why?", "No.", "A plan."],
    ],
    [
      {
        conversations: [
          { from: "human", value: "<image>\nWhy? $0$1" },
          { from: "gpt", value: "No." },
        ],
      },
      ["Why?", "No.", undefined],
    ],
    [{ problem: "Why?", solution: tagged }, ["Why?", "No.", "A plan."]],
    [{ query: "Why?", answer: "No." }, ["Why?", "No.", undefined]],
    [{ query: "Why?" }, ["Why?", undefined, undefined]],
  ])("reads %j", (record, parts) => {
    expect((["query", "answer", "think"] as const).map((part) => recordText(record, part)?.text)).toEqual(parts);
  });
  it("takes the language from the record, its provenance, or the caller", () => {
    expect(recordText({ query: "a", language: "zh-Hans" }, "query")?.language).toBe("zh-Hans");
    expect(recordText({ query: "a", provenance: { language: "ja" } }, "query")?.language).toBe("ja");
    expect(recordText({ query: "a" }, "query", "de")?.language).toBe("de");
    expect(() => recordText({ query: "a", language: "english" }, "query")).toThrow(/BCP-47/);
    expect(() => recordText({ text: "a" }, "query")).toThrow(/conversations, problem or query/);
    expect(() => recordText(7, "query")).toThrow(/none/);
  });
});
