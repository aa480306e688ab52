import { describe, expect, it } from "vitest";
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
  ])("keeps what the user sees of %s", (text, answer) => {
    expect(splitCompletion(text)).toMatchObject({ answer, wellFormed: false });
  });
  it("reads no label from nonsense", () => {
    expect(splitCompletion("<vidType>maybe</vidType><textType>1</textType>")).toMatchObject({
      vidType: null,
      textType: 1,
    });
  });
});
