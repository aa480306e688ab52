import { describe, expect, test } from "vitest";
import { AlarmTokenizerError, lookupAlarmTokenIds, registerAlarmTokens, type TokenizerJson } from "./index.js";

const bpe = (): TokenizerJson => ({
  version: "1.0",
  added_tokens: [
    {
      id: 5,
      content: "<|im_end|>",
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    },
  ],
  model: { type: "BPE", vocab: { a: 0, b: 1, c: 2 }, merges: [] },
});

describe("registerAlarmTokens", () => {
  test("takes the next free ids and leaves the given object alone", () => {
    const before = bpe();
    const { tokenizer, ids, vocabularySize } = registerAlarmTokens(before);
    expect(ids).toEqual({ visual: 6, textual: 7 });
    expect(vocabularySize).toBe(8);
    expect(before).toEqual(bpe());
    expect(tokenizer.added_tokens?.map((token) => [token.id, token.content, token.special])).toEqual([
      [5, "<|im_end|>", true],
      [6, "<|visual_alarm|>", true],
      [7, "<|textual_alarm|>", true],
    ]);
  });

  test("twice is once", () => {
    const once = registerAlarmTokens(bpe());
    expect(registerAlarmTokens(once.tokenizer)).toEqual(once);
  });

  test("Unigram vocabularies and missing added_tokens", () => {
    const { ids } = registerAlarmTokens({ model: { vocab: [["a", 0] as const, ["b", -1] as const] } });
    expect(ids).toEqual({ visual: 2, textual: 3 });
  });

  test("anything else is refused", () => {
    expect(() => registerAlarmTokens({} as TokenizerJson)).toThrow(AlarmTokenizerError);
    expect(() => registerAlarmTokens(null as unknown as TokenizerJson)).toThrow(/JSON.parse of the file/);
  });
});

describe("lookupAlarmTokenIds", () => {
  const known = new Map([
    ["<|visual_alarm|>", [90]],
    ["<|textual_alarm|>", [91]],
  ]);

  test("arrays, typed arrays and { ids }", () => {
    const expected = { visual: 90, textual: 91 };
    expect(lookupAlarmTokenIds({ encode: (text) => known.get(text) ?? [] })).toEqual(expected);
    expect(lookupAlarmTokenIds({ encode: (text) => Int32Array.from(known.get(text) ?? []) })).toEqual(expected);
    expect(lookupAlarmTokenIds({ encode: (text) => ({ ids: known.get(text) ?? [] }) })).toEqual(expected);
  });

  test("split and unknown tokens are refused", () => {
    expect(() => lookupAlarmTokenIds({ encode: () => [1, 2, 3] })).toThrow(/one token, found 3 ids \[1,2,3\]/);
    expect(() => lookupAlarmTokenIds({ encode: () => [0] })).toThrow(/unknown token/);
  });
});
