import { createRng } from "@videosafety/random";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GrammarError } from "../errors.js";
import { compileGrammar } from "./compile-grammar.js";
import { checkSplit, drawTexts, drawWeighted } from "./draw.js";
import { expandProduction, parseProduction, slotsOf } from "./production.js";

const grammar = (rules: object, kind: object = {}, language: object = {}) => ({
  format: "videosafety-grammar/1",
  id: "test",
  languages: { en: { rules, kinds: [{ id: "K", textual: 0, query: "{q}", answer: "yes", ...kind }], ...language } },
});
const codeOf = (value: unknown): string => {
  try {
    compileGrammar(value);
    return "fine";
  } catch (error) {
    return error instanceof GrammarError ? error.code : `untyped: ${error}`;
  }
};

describe("productions", () => {
  it.each([
    ["a", ["a"]],
    ["", [""]],
    ["(a|b) (c|)", ["a c", "a ", "b c", "b "]],
    ["(a|b (c|{d}))", ["a", "b c", "b {d}"]],
    ["a|b", ["a|b"]],
    ["\\(a\\|b\\) \\{c\\} \\\\", ["(a|b) {c} \\"]],
    ["{a}{b-2}", ["{a}{b-2}"]],
  ])("%j has the texts %j", (text, forms) => expect(expandProduction(text)).toEqual(forms));
  it.each(["(a", "a)", "{", "{}", "{a b}", "}", "{1}", "a\\", "\\n", "((((((((((((a))))))))))))"])(
    "refuses %j with a place",
    (text) => {
      expect(() => parseProduction(text, "here")).toThrow(expect.objectContaining({ code: "syntax", place: "here" }));
    },
  );
  it("refuses to expand beyond 100,000 texts", () => {
    expect(() => expandProduction("(a|b)".repeat(17))).toThrow(/100000 texts/);
    expect(expandProduction("(a|b)".repeat(10))).toHaveLength(1024);
  });
  it("reads any text or says what is wrong, and escaped text comes back as it was", () => {
    const special = fc.string({
      unit: fc.constantFrom("a", " ", "(", ")", "{", "}", "|", "\\", "é", "0"),
      maxLength: 40,
    });
    fc.assert(
      fc.property(special, (text) => {
        try {
          for (const slot of slotsOf(parseProduction(text))) expect(text).toContain(`{${slot}}`);
        } catch (error) {
          expect(error).toBeInstanceOf(GrammarError);
        }
        expect(expandProduction(text.replace(/[{}()|\\]/g, "\\$&"))).toEqual([text]);
      }),
      { numRuns: 500 },
    );
  });
});

describe("compileGrammar", () => {
  it.each<[string, unknown]>([
    ["fine", grammar({ q: ["(why|how)?"] })],
    ["fine", grammar({ q: ["{constructor}"], constructor: ["a"] })],
    ["invalid", null],
    ["invalid", {}],
    ["invalid", { ...grammar({ q: ["a"] }), format: "videosafety-grammar/2" }],
    ["invalid", { ...grammar({ q: ["a"] }), extra: 1 }],
    ["invalid", { ...grammar({ q: ["a"] }), languages: {} }],
    ["invalid", { ...grammar({ q: ["a"] }), languages: { english: { rules: {}, kinds: [] } } }],
    ["invalid", grammar({ q: [] })],
    ["invalid", grammar({ q: [{ text: "a", weight: 0 }] })],
    ["invalid", grammar({ q: [{ text: "a", weigth: 1 }] })],
    ["invalid", grammar({ q: ["a".repeat(2001)] })],
    ["invalid", grammar({ q: ["a"] }, { textual: 2 })],
    ["invalid", grammar({ q: ["a"] }, { answer: undefined })],
    ["invalid", grammar({ q: ["a"] }, { model: { prompt: "b", writes: ["answer"] } })],
    ["invalid", grammar({ q: ["a"] }, { answer: undefined, model: { prompt: "b", writes: ["answer", "answer"] } })],
    ["invalid", grammar({ q: ["a"], clip: ["b"] })],
    [
      "invalid",
      grammar({ q: ["a"] }, {}, { kinds: ["K", "K"].map((id) => ({ id, textual: 0, query: "{q}", answer: "b" })) }),
    ],
    ["unknown-slot", grammar({ q: ["{p}"] })],
    ["unknown-slot", grammar({ q: ["a"] }, { answer: "{query} {nothing}" })],
    ["unknown-slot", grammar({ q: ["{clip}"] }, { clip: "any" })], // given to kinds, not to rules
    ["unknown-slot", grammar({ q: ["a"] }, { answer: "{clip}" })],
    ["unknown-slot", grammar({ q: ["a"] }, { bind: ["topic"] })],
    ["unused-rule", grammar({ q: ["a"], p: ["b"] })],
    ["cycle", grammar({ q: ["a{q}"] })],
    ["cycle", grammar({ q: ["a{p}"], p: ["{q}|b"] })],
    ["syntax", grammar({ q: ["(a"] })],
    ["no-split", grammar({ q: [{ text: "a", heldOut: true }] })],
    // One rule inside the other: 2^40 characters, 2^40 steps, 3,000 levels.
    [
      "too-large",
      grammar({
        q: ["{r0}"],
        ...Object.fromEntries(
          Array.from({ length: 40 }, (_, i) => [`r${i}`, [i === 39 ? "a" : `{r${i + 1}}{r${i + 1}}`]]),
        ),
      }),
    ],
    [
      "too-large",
      grammar({
        q: ["{r0}"],
        ...Object.fromEntries(
          Array.from({ length: 40 }, (_, i) => [`r${i}`, [i === 39 ? "" : `{r${i + 1}}{r${i + 1}}`]]),
        ),
      }),
    ],
    [
      "too-large",
      grammar({
        q: ["{r0}"],
        ...Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`r${i}`, [i === 2999 ? "a" : `{r${i + 1}}`]])),
      }),
    ],
  ])("%s", (code, value) => expect(codeOf(value)).toBe(code));

  it("never fails without a type, and what compiles can be drawn from", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "(", ")", "|", "{a}", "{b}", "{q}", "{", "\\"), maxLength: 6 });
    const production = fc.oneof(
      text,
      fc.record({ text, weight: fc.constantFrom(1, 0, 2.5), heldOut: fc.boolean() }, { requiredKeys: ["text"] }),
    );
    const rules = fc.dictionary(fc.constantFrom("q", "a", "b"), fc.array(production, { maxLength: 3 }));
    let drawn = 0;
    fc.assert(
      fc.property(rules, text, fc.integer(), (given, query, seed) => {
        const value = grammar(given, { query, bind: [] });
        const code = codeOf(value);
        expect(code).not.toMatch(/^untyped/);
        if (code !== "fine") return;
        const { languages } = compileGrammar(value);
        const language = languages.get("en");
        if (!language?.kinds[0]) throw new Error("expected a kind");
        drawn++;
        expect(typeof drawTexts(createRng(seed), language, language.kinds[0], "train", {}).fields.query).toBe("string");
      }),
      { numRuns: 2000 },
    );
    expect(drawn).toBeGreaterThan(20);
  });
  it.each([["a", "b"], 7, "x", { format: 1 }, { languages: { en: null } }])("refuses %j", (value) =>
    expect(codeOf(value)).toBe("invalid"),
  );
});

describe("drawing", () => {
  const draw = (value: unknown, seed: number, split: "train" | "heldOut" = "train", clip?: string) => {
    const language = compileGrammar(value).languages.get("en");
    if (!language?.kinds[0]) throw new Error("expected a kind");
    return drawTexts(createRng(seed), language, language.kinds[0], split, clip === undefined ? {} : { clip });
  };
  const topics = grammar(
    { q: ["how (do|can) I {topic}?", { text: "say: {topic}", heldOut: true }], topic: ["knit", "bake", "paint"] },
    { bind: ["topic"], think: "About {topic}, {topic}.", answer: "So you {topic}." },
  );
  it("says a bound rule's text everywhere the same, and names the production", () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const { fields, bound, production } = draw(topics, seed);
      expect(fields.query).toMatch(new RegExp(`^how (do|can) I ${bound.topic}\\?$`));
      expect(fields.think).toBe(`About ${bound.topic}, ${bound.topic}.`);
      expect(fields.answer).toBe(`So you ${bound.topic}.`);
      expect(production).toBe("q.0");
      seen.add(`${fields.query}`);
    }
    expect(seen.size).toBe(6);
  });
  it("draws held-out productions for their split alone", () => {
    for (let seed = 0; seed < 30; seed++) expect(draw(topics, seed, "heldOut").production).toBe("q.1");
    expect(() => checkSplit(compileGrammar(grammar({ q: ["a"] })), "heldOut")).toThrow(
      expect.objectContaining({ code: "no-split" }),
    );
  });
  it("follows weights (chi-square of 4,000 draws, 2 degrees of freedom, below its 1e-6 bound 27.6)", () => {
    const rng = createRng(5);
    const counts = [0, 0, 0];
    for (let i = 0; i < 4000; i++) {
      const drawn = drawWeighted(rng, [0, 1, 2], (n) => [1, 2, 5][n] as number);
      counts[drawn] = (counts[drawn] as number) + 1;
    }
    const chi = [500, 1000, 2500].reduce(
      (sum, expected, i) => sum + ((counts[i] as number) - expected) ** 2 / expected,
      0,
    );
    expect(chi).toBeLessThan(27.6);
  });
  it("puts the clip's description and the query where they are given, unread", () => {
    const value = grammar(
      { q: ["why {x}?"], x: ["this"] },
      {
        clip: "any",
        answer: undefined,
        think: "I see {clip}.",
        model: { prompt: "Clip: {clip}. Answer {query}", writes: ["answer"] },
      },
    );
    expect(draw(value, 1, "train", "a {x} (sign|)")).toMatchObject({
      fields: { query: "why this?", think: "I see a {x} (sign|)." },
      prompt: "Clip: a {x} (sign|). Answer why this?",
    });
  });
});
