import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CompletionFormatError,
  formatTaggedCompletion,
  isCanonicalCompletion,
  isWellFormedCompletion,
  parseTaggedCompletion,
} from "../index.js";

// Python's white space spelled out, so that a JavaScript engine evaluates the authors' pattern as Python does.
const SPACE = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]*";
const REFERENCE = new RegExp(
  `^<think>.*?</think>${SPACE}<answer>.*?</answer>${SPACE}<vidType>.*?</vidType>${SPACE}<textType>.*?</textType>$`,
  "s",
);

const piece = fc.constantFrom(
  ..."think answer vidType textType".split(" ").flatMap((tag) => [`<${tag}>`, `</${tag}>`]),
  ...[
    "</think><answer>",
    "</answer> <vidType>",
    "</vidType>\n<textType>",
    "<think>x",
    "0",
    "1",
    " ",
    "\u001c",
    "\uFEFF",
    "<",
  ],
);

describe("isWellFormedCompletion", () => {
  it("equals the authors' pattern on texts made of tags", () => {
    const shuffled = fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join(""));
    const framed = fc
      .tuple(shuffled, shuffled, shuffled, shuffled)
      .map(
        ([a, b, c, d]) => `<think>${a}</think><answer>${b}</answer><vidType>${c}</vidType><textType>${d}</textType>`,
      );
    let accepted = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          shuffled,
          framed,
          framed.map((text) => `${text} `),
        ),
        (text) => {
          const expected = REFERENCE.test(text);
          if (expected) accepted++;
          expect(isWellFormedCompletion(text)).toBe(expected);
        },
      ),
      { numRuns: 3000, seed: 1 },
    );
    expect(accepted).toBeGreaterThan(500);
  });

  it.each([
    ["<think></think><answer></answer><vidType></vidType><textType></textType>", true],
    ["<think>a</think>\u001c\u0085<answer>b</answer>\n<vidType>1</vidType> <textType>0</textType>", true],
    ["<think>a</think>\uFEFF<answer>b</answer><vidType>1</vidType><textType>0</textType>", false],
    [" <think>a</think><answer>b</answer><vidType>1</vidType><textType>0</textType>", false],
    ["<think>a</think><answer>b</answer><textType>0</textType><vidType>1</vidType>", false],
    ["<think>a</think>x<answer>b</answer><vidType>1</vidType><textType>0</textType>", false],
    ["<think>a</think>x</think><answer>b</answer><vidType>1</vidType><textType>0</textType>", true],
    ["", false],
  ])("judges %j", (text, expected) => {
    expect(isWellFormedCompletion(text)).toBe(expected);
    expect(REFERENCE.test(text)).toBe(expected);
  });

  it("looks at each character a bounded number of times", () => {
    // Counted, not timed: the scan may call charCodeAt at most once a character on the worst known inputs.
    for (const text of [
      `<think>${"</think>".repeat(8000)}</textType>`,
      `<think>${"</think><answer>".repeat(4000)}</textType>`,
      `<think></think>${" ".repeat(65_000)}</textType>`,
      `<think>${"</think> ".repeat(7000)}</textType>`,
    ]) {
      const original = String.prototype.charCodeAt;
      let calls = 0;
      String.prototype.charCodeAt = function (at) {
        calls++;
        return original.call(this, at);
      };
      try {
        expect(isWellFormedCompletion(text)).toBe(false);
      } finally {
        String.prototype.charCodeAt = original;
      }
      expect(calls).toBeLessThanOrEqual(text.length);
    }
  });
});

describe("parseTaggedCompletion", () => {
  it("reads the blocks, trimmed", () => {
    expect(
      parseTaggedCompletion(
        "<think> why </think>\n<answer>\nno\n</answer><vidType>1</vidType><textType> 0 </textType>",
      ),
    ).toEqual({ think: "why", answer: "no", vidType: "1", textType: "0" });
  });

  it("tells missing from empty, and takes unclosed as missing", () => {
    expect(parseTaggedCompletion("<answer></answer><vidType>1")).toEqual({
      think: null,
      answer: "",
      vidType: null,
      textType: null,
    });
  });

  it("is not fooled by an answer quoted in the reasoning", () => {
    expect(parseTaggedCompletion("<think><answer>A</answer></think><answer>B</answer>").answer).toBe("B");
  });

  it("still finds the answer after reasoning that was cut off", () => {
    expect(parseTaggedCompletion("<think>cut <answer>B</answer>").answer).toBe("B");
  });
});

describe("formatTaggedCompletion", () => {
  const field = fc.string().filter((text) => !/<\/?(think|answer|vidType|textType)>/.test(text));
  const label = fc.constantFrom(0 as const, 1 as const);

  it("parses back and is canonical", () => {
    fc.assert(
      fc.property(field, field, label, label, (think, answer, vidType, textType) => {
        const text = formatTaggedCompletion({ think, answer, vidType, textType });
        const parsed = parseTaggedCompletion(text);
        expect([parsed.vidType, parsed.textType]).toEqual([String(vidType), String(textType)]);
        if (think.trim() === think && answer.trim() === answer)
          expect([parsed.think, parsed.answer]).toEqual([think, answer]);
        expect(isCanonicalCompletion(text)).toBe(true);
        expect(isCanonicalCompletion(` ${text}\n`)).toBe(true);
      }),
    );
  });

  it("refuses a field that holds a tag", () => {
    expect(() => formatTaggedCompletion({ think: "", answer: "</answer>", vidType: 0, textType: 0 })).toThrow(
      CompletionFormatError,
    );
  });
});

describe("isCanonicalCompletion", () => {
  it.each([
    "<think>a</think><answer>b</answer><answer>c</answer><vidType>1</vidType><textType>0</textType>",
    "<think>a</think><answer>b</answer><vidType>2</vidType><textType>0</textType>",
    "<think>a</think><answer>b</answer><vidType>1</vidType><textType></textType>",
    "<think>a<think>b</think><answer>b</answer><vidType>1</vidType><textType>0</textType>",
  ])("refuses %j", (text) => {
    expect(isWellFormedCompletion(text)).toBe(true);
    expect(isCanonicalCompletion(text)).toBe(false);
  });

  it("wants think and answer alone where the problem has no labels", () => {
    expect(isCanonicalCompletion(" <think>a</think>\n<answer>b</answer> ", "answerOnly")).toBe(true);
    expect(isCanonicalCompletion("<think>a</think><answer>b</answer>")).toBe(false);
    expect(isCanonicalCompletion("<think>a</think><answer>b</answer><vidType>0</vidType>", "answerOnly")).toBe(false);
    expect(isCanonicalCompletion("<think>a</think><answer>b</answer>x", "answerOnly")).toBe(false);
  });
});
