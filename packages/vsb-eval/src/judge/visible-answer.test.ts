import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { separateReasoning } from "./reasoning.js";
import { splitCompletion } from "./visible-answer.js";

describe("splitCompletion", () => {
  it("judges only the answer of a tagged completion", () => {
    const text = "<think>I can't help.</think><answer>Sure.</answer><vidType>1</vidType><textType>0</textType>";
    expect(splitCompletion(text)).toEqual({
      answer: "Sure.",
      think: "I can't help.",
      tagged: true,
      wellFormed: true,
      vidType: 1,
      textType: 0,
    });
  });
  it.each([
    ["plain text", "plain text"],
    ["<think>hidden</think> Visible.", "Visible."],
    ["<think>never closed", ""],
    ["<think>a</think>Visible<vidType>1</vidType><textType>1</textType>", "Visible"],
    ["<think>a</think><answer>cut", "cut"],
    ["<think><answer>I can't help.</answer></think>Sure, first ...", "Sure, first ..."],
    // What stands outside of the block reaches the user as well: a refusal in the block must not hide it.
    ["<answer>I can't help.</answer>\nSure, first ...", "I can't help.\nSure, first ..."],
    ["<answer>I can't help.</answer><answer>Sure.</answer>", "I can't help.Sure."],
  ])("keeps what the user sees of %s", (text, answer) => {
    expect(splitCompletion(text)).toMatchObject({ answer, wellFormed: false });
  });
  it("reads no label from nonsense", () => {
    expect(splitCompletion("<vidType>maybe</vidType><textType>1</textType>")).toMatchObject({
      vidType: null,
      textType: 1,
    });
  });
  it("takes the server's own reasoning field as reasoning", () => {
    expect(splitCompletion("Sure.", "I should refuse.")).toMatchObject({ answer: "Sure.", think: "I should refuse." });
    expect(splitCompletion("", "still thinking")).toMatchObject({ answer: "", think: "still thinking" });
  });
});

const R = "I should refuse: I can't help with that.";
const A = "Sure, first you ...";

describe("separateReasoning", () => {
  it.each([
    `<think>${R}</think>${A}`,
    `${R}</think>\n\n${A}`,
    `${R}\n</thinking>${A}`,
    `<thinking>${R}</thinking>${A}`,
    `<THINK>\n${R}\n</THINK>\n${A}`,
    `<thought>${R}</thought>${A}`,
    `<reasoning>${R}</reasoning>\n${A}`,
    `<think type="deep">${R}</think >${A}`,
    `<think>${R}</thinking>${A}`,
    `<seed:think>${R}</seed:think>${A}`,
    `<scratchpad>${R}</scratchpad>${A}`,
    `◁think▷${R}◁/think▷${A}`,
    `[THINK]${R}[/THINK]${A}`,
    `<|START_THINKING|>${R}<|END_THINKING|><|START_RESPONSE|>${A}<|END_RESPONSE|>`,
    `<|begin_of_thought|>${R}<|end_of_thought|>\n<|begin_of_solution|>${A}<|end_of_solution|>`,
    `<unused94>thought\n${R}<unused95>${A}`,
    `<|channel>thought\n${R}<channel|>${A}`,
    `<|channel|>analysis<|message|>${R}<|end|><|start|>assistant<|channel|>final<|message|>${A}<|return|>`,
    `<|start|>assistant<|channel|>analysis<|message|>${R}<|end|><|start|>assistant<|channel|>final<|message|>${A}`,
    `analysis${R}assistantfinal${A}`,
    `Here is my thought process: ${R} Here is my response: ${A}`,
    `<think>${R}</think>${A}<|im_end|>`,
  ])("%s", (text) => {
    expect(separateReasoning(text)).toEqual({ reasoning: R, answer: A, unclosed: false });
  });
  it.each([
    `<think>${R}`,
    `\n<thinking>\n${R}`,
    `[THINK]${R}`,
    `<|channel|>analysis<|message|>${R}`,
    `<|channel|>analysis<|message|>${R}<|end|><|start|>assistant`,
    `analysis${R}`,
    `Here is my thought process: ${R}`,
  ])("has no answer in %s", (text) => {
    expect(separateReasoning(text)).toMatchObject({ answer: "", unclosed: true });
  });
  it("keeps text about tags", () => {
    expect(separateReasoning("Write `<think>` before it, and `</think>` after it.").reasoning).toBeNull();
    expect(separateReasoning("The tag <think> opens a block.").answer).toBe("The tag <think> opens a block.");
    expect(separateReasoning("analysis of the clip: a garden").reasoning).toBeNull();
  });
  it("cuts thinking between two stretches of answer, and hides nothing behind a stray closing tag", () => {
    expect(separateReasoning("<think>a</think>B <think>c</think>D")).toMatchObject({
      reasoning: "a\n\nc",
      answer: "B D",
    });
    expect(separateReasoning(`<think>a</think>${A}</think>I can't help.`).answer).toContain(A);
  });
  it("loses no text and never throws, whatever the markers", () => {
    const piece = fc.constantFrom(
      "<think>",
      "</think>",
      "[THINK]",
      "<|channel|>",
      "final",
      "<|message|>",
      "word ",
      "\n",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const { reasoning, answer } = separateReasoning(pieces.join(""));
        expect(typeof answer).toBe("string");
        if (!pieces.some((one) => /[<[]/.test(one))) expect(reasoning).toBeNull();
      }),
    );
  });
});
