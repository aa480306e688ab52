import { describe, expect, test } from "vitest";
import { AlarmTokenizerError, lookupAlarmTokenIds, registerAlarmTokens, type TokenizerJson } from "../index.js";

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

  const entry = (id: number, content: string, special = true) => ({
    ...{ id, content, special, single_word: false, lstrip: true, rstrip: false, normalized: true },
  });

  test("added tokens out of order, and ids with gaps: the next id is above all of them", () => {
    const added_tokens = [entry(40, "<c>"), entry(12, "<a>"), entry(31, "<b>")];
    const { ids, tokenizer, vocabularySize } = registerAlarmTokens({ ...bpe(), added_tokens });
    expect([ids, vocabularySize]).toEqual([{ visual: 41, textual: 42 }, 43]);
    expect(tokenizer.added_tokens?.slice(0, 3)).toEqual(added_tokens);
    const sparse = { model: { vocab: { a: 0, b: 90, c: 7 } } };
    expect(registerAlarmTokens(sparse).ids).toEqual({ visual: 91, textual: 92 });
  });

  test("an alarm token that is there keeps its id and becomes special", () => {
    const added_tokens = [entry(8, "<|textual_alarm|>", false), entry(5, "<|im_end|>")];
    const { ids, tokenizer } = registerAlarmTokens({ ...bpe(), added_tokens });
    expect(ids).toEqual({ visual: 9, textual: 8 });
    expect(tokenizer.added_tokens?.[0]).toEqual({
      ...entry(8, "<|textual_alarm|>"),
      ...{ lstrip: false, normalized: false, special: true },
    });
    const inVocabulary = { model: { vocab: { a: 0, "<|visual_alarm|>": 1, b: 2 } } };
    expect(registerAlarmTokens(inVocabulary).ids).toEqual({ visual: 1, textual: 3 });
    const again = registerAlarmTokens(registerAlarmTokens(inVocabulary).tokenizer);
    expect([again.ids, again.vocabularySize]).toEqual([{ visual: 1, textual: 3 }, 4]);
  });

  test("two ids for one alarm token, one id for two tokens, ids that are no numbers", () => {
    const with_ = (...added_tokens: ReturnType<typeof entry>[]) => ({ ...bpe(), added_tokens });
    expect(() => registerAlarmTokens(with_(entry(8, "<|visual_alarm|>"), entry(9, "<|visual_alarm|>")))).toThrow(
      /one id of its own, found <\|visual_alarm\|> with id 9/,
    );
    expect(() => registerAlarmTokens(with_(entry(2, "<|visual_alarm|>")))).toThrow(/found c with id 2/);
    expect(() => registerAlarmTokens(with_(entry(Number.NaN, "<x>")))).toThrow(
      /whole numbers as ids, found NaN for <x>/,
    );
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
