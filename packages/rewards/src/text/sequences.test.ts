import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { alignTexts, editDistance, errorRate, rouge } from "../index.js";
import { cappedErrorRate } from "./error-rate.js";
import { ngramPair, numberTokens } from "./ngrams.js";
import { longestCommonSubsequence } from "./rouge/longest-common-subsequence.js";
import { summaryLevelHits } from "./rouge/summary-level-hits.js";
import { tokenize, wordPair } from "./tokenize.js";

function plainLcs(a: readonly number[], b: readonly number[]): number {
  const table = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++)
      (table[i] as number[])[j] =
        a[i - 1] === b[j - 1]
          ? (table[i - 1]?.[j - 1] ?? 0) + 1
          : Math.max(table[i - 1]?.[j] ?? 0, table[i]?.[j - 1] ?? 0);
  return table[a.length]?.[b.length] ?? 0;
}

function plainDistance(a: readonly string[], b: readonly string[]): number {
  let row = b.map((_, j) => j + 1);
  row.unshift(0);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min((row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1), (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1),
      );
    row = next;
  }
  return row[b.length] ?? 0;
}

// Lengths around the 30- and 32-bit blocks, alphabets from one token (long carries) to many (empty masks).
const sequences = fc.integer({ min: 1, max: 40 }).chain((alphabet) => {
  const sequence = fc.array(fc.integer({ min: 0, max: alphabet - 1 }), { maxLength: 110 });
  return fc.tuple(sequence, sequence);
});

describe("longestCommonSubsequence", () => {
  it("equals the plain table", () => {
    fc.assert(
      fc.property(sequences, ([a, b]) => {
        expect(longestCommonSubsequence(Int32Array.from(a), Int32Array.from(b), 40)).toBe(plainLcs(a, b));
      }),
      { numRuns: 400 },
    );
  });

  it("is the same number by dense and by sparse masks", () => {
    fc.assert(
      fc.property(sequences, ([a, b]) => {
        // A vocabulary that large makes the masks sparse.
        const [dense, sparse] = [40, 1 << 16].map((vocabularySize) =>
          longestCommonSubsequence(Int32Array.from(a), Int32Array.from(b), vocabularySize),
        );
        expect(dense).toBe(sparse);
      }),
      { numRuns: 400 },
    );
  });
});

describe("ngramPair", () => {
  it("gives n-grams of both texts the same number exactly when they are equal, in order of first use", () => {
    const tokens = fc.array(fc.nat(3), { maxLength: 60 });
    fc.assert(
      fc.property(tokens, tokens, fc.integer({ min: 1, max: 5 }), (a, b, n) => {
        const pair = { reference: Int32Array.from(a), hypothesis: Int32Array.from(b), vocabularySize: 4 };
        const found = ngramPair(pair, n);
        const spelled = (list: number[]) =>
          list.slice(0, Math.max(0, list.length - n + 1)).map((_, i) => list.slice(i, i + n).join());
        const expected = numberTokens(spelled(a), spelled(b));
        if (n > 1) expect(found).toEqual(expected);
        expect(found.reference.length).toBe(expected.reference.length);
      }),
      { numRuns: 500 },
    );
  });
});

describe("wordPair", () => {
  it("numbers the words that tokenize finds, in any script", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "running",
        "runs",
        "run",
        "cat",
        " ",
        "-",
        "нет",
        "水",
        "ก็",
        "\ufdfa",
        "İ",
        "ΑΣ",
        "a\u0301",
        "\ud800",
        "𝟙",
      ),
      fc.string({ unit: "grapheme", maxLength: 4 }),
    );
    const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(text, text, fc.boolean(), (a, b, useStemmer) => {
        const options = { tokenizer: "unicode", useStemmer } as const;
        expect(wordPair(a, b, useStemmer)).toEqual(numberTokens(tokenize(a, options), tokenize(b, options)));
      }),
      { numRuns: 500 },
    );
  });
});

describe("cappedErrorRate", () => {
  it("is the error rate, at most 1", () => {
    const text = fc
      .array(fc.constantFrom("a", "b", " ", "\u{1f469}"), { maxLength: 30 })
      .map((letters) => letters.join(""));
    fc.assert(
      fc.property(text, text, fc.constantFrom("word" as const, "character" as const), (a, b, unit) => {
        const exact = errorRate(a, b, unit);
        expect(cappedErrorRate(a, b, unit)).toBe(exact === null ? null : Math.min(1, exact));
      }),
      { numRuns: 1000 },
    );
  });
});

/** The table of rouge_score's summary-level matches, spelled out. */
function plainHits(reference: readonly string[][], hypothesis: readonly string[][]): number {
  const count = (sentences: readonly string[][]) =>
    sentences
      .flat()
      .reduce((counts, token) => counts.set(token, (counts.get(token) ?? 0) + 1), new Map<string, number>());
  const [inReference, inHypothesis] = [count(reference), count(hypothesis)];
  let hits = 0;
  for (const sentence of reference) {
    const union = new Set<number>();
    for (const other of hypothesis) {
      const lengthOf = (i: number, j: number): number =>
        plainLcs(sentence.slice(0, i).map(codeOf), other.slice(0, j).map(codeOf));
      for (let [i, j] = [sentence.length, other.length]; i > 0 && j > 0; )
        if (sentence[i - 1] === other[j - 1]) {
          union.add(--i);
          j--;
        } else if (lengthOf(i, j - 1) > lengthOf(i - 1, j)) j--;
        else i--;
    }
    for (const i of [...union].sort((a, b) => a - b)) {
      const token = sentence[i] as string;
      if (!inReference.get(token) || !inHypothesis.get(token)) continue;
      hits++;
      for (const counts of [inReference, inHypothesis]) counts.set(token, (counts.get(token) as number) - 1);
    }
  }
  return hits;
}
const codeOf = (token: string): number => token.charCodeAt(0);

describe("summaryLevelHits", () => {
  it("takes the same subsequences as the plain table, also across words of 30 bits", () => {
    const sentence = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 8 });
    const long = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 28, maxLength: 34 });
    const sentences = fc.array(fc.oneof({ weight: 5, arbitrary: sentence }, { weight: 1, arbitrary: long }), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(sentences, sentences, (reference, hypothesis) => {
        expect(summaryLevelHits(reference, hypothesis)).toEqual({
          hits: plainHits(reference, hypothesis),
          referenceTokens: reference.flat().length,
          hypothesisTokens: hypothesis.flat().length,
        });
      }),
      { numRuns: 100 },
    );
  });
});

describe("editDistance", () => {
  it("equals the plain table", () => {
    fc.assert(
      fc.property(sequences, ([a, b]) => {
        const [left, right] = [a.map(String), b.map(String)];
        expect(editDistance(left, right)).toBe(plainDistance(left, right));
      }),
      { numRuns: 400 },
    );
  });
});

describe("errorRate and alignTexts", () => {
  it("agree: the alignment has as many edits as the rate says, and spells both texts", () => {
    const words = fc.array(fc.constantFrom("a", "b", "c", "dd"), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(words, words, (reference, hypothesis) => {
        const steps = alignTexts(reference.join(" "), hypothesis.join("\n"));
        const edits = steps.filter(({ operation }) => operation !== "equal").length;
        expect(edits / reference.length).toBe(errorRate(reference.join(" "), hypothesis.join("\n")));
        expect(steps.flatMap((step) => step.reference ?? [])).toEqual(reference);
        expect(steps.flatMap((step) => step.hypothesis ?? [])).toEqual(hypothesis);
      }),
    );
  });

  it("counts characters as code points", () => {
    expect(errorRate("日本語🙂", "日本誤🙂", "character")).toBe(0.25);
    expect(errorRate("the cat sat", "the cat sat down now", "word")).toBe(2 / 3);
  });

  it("has no rate for an empty reference, and refuses to align books", () => {
    expect(errorRate(" ", "a")).toBeNull();
    expect(() => alignTexts("a ".repeat(9000), "b ".repeat(9000))).toThrow(RangeError);
  });
});

describe("rouge", () => {
  const text = fc
    .array(fc.constantFrom("one", "two", "three", "\n", "cats", "running"), { maxLength: 30 })
    .map((words) => words.join(" "));

  it("is 1 for equal texts with tokens, symmetric in F, and within [0, 1]", () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const forward = rouge(a, b, ["rouge1", "rouge2", "rougeL"]);
        const backward = rouge(b, a, ["rouge1", "rouge2", "rougeL"]);
        for (const type of ["rouge1", "rouge2", "rougeL"] as const) {
          expect(forward[type].precision).toBe(backward[type].recall);
          expect(forward[type].fmeasure).toBeCloseTo(backward[type].fmeasure, 14);
          expect(forward[type].fmeasure).toBeGreaterThanOrEqual(0);
          expect(forward[type].fmeasure).toBeLessThanOrEqual(1);
        }
        if (/[a-z]/.test(a)) expect(rouge(a, a, ["rouge1", "rougeL", "rougeLsum"]).rougeLsum.fmeasure).toBe(1);
      }),
    );
  });

  it("sees other scripts only with the unicode tokenizer", () => {
    const chinese = "一只棕色的狐狸跳过了懒狗";
    expect(rouge(chinese, chinese, ["rouge1"]).rouge1.fmeasure).toBe(0);
    for (const same of [chinese, "الثعلب البني يقفز", "तेज़ भूरी लोमड़ी", "быстрая лиса", "素早い茶色の狐", "สุนัขจิ้งจอก"])
      expect(rouge(same, same, ["rouge1", "rougeL"], { tokenizer: "unicode" }).rougeL.fmeasure).toBe(1);
    const half = rouge("一只狐狸", "一只小狗", ["rouge1"], { tokenizer: "unicode" });
    expect(half.rouge1.fmeasure).toBe(0.5);
  });
});
