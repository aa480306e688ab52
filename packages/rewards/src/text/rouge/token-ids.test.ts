import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tokenize } from "../../index.js";
import { TokenIds } from "./token-ids.js";

/** The pair's tokens by the plain way: the strings of `tokenize`, numbered in order of first use. */
function plainPair(reference: string, hypothesis: string, useStemmer: boolean) {
  const numbers = new Map<string, number>();
  const side = (text: string) =>
    tokenize(text, { useStemmer }).map((token) => {
      const number = numbers.get(token) ?? numbers.size;
      numbers.set(token, number);
      return number;
    });
  return { reference: side(reference), hypothesis: side(hypothesis), vocabularySize: numbers.size };
}

const listed = ({ reference, hypothesis, vocabularySize }: ReturnType<TokenIds["pair"]>) => ({
  reference: Array.from(reference),
  hypothesis: Array.from(hypothesis),
  vocabularySize,
});

const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "running",
        "Runs",
        "RUN",
        "skies",
        "sky",
        "\u0130stanbul",
        "\u212aelvin",
        "l'\u00e9t\u00e9",
        "a",
        " ",
        "-",
      ),
      fc.string(),
      fc.string({ unit: fc.constantFrom(..."aeiouystedinglz09"), minLength: 1, maxLength: 40 }),
      fc.string({ unit: "grapheme" }),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(" "));

const UNSPACED = "\\p{sc=Han}\\p{sc=Hira}\\p{sc=Kana}\\p{sc=Thai}\\p{sc=Laoo}\\p{sc=Khmr}\\p{sc=Mymr}";
const UNICODE_TOKEN = new RegExp(`[${UNSPACED}]\\p{M}*|(?:(?![${UNSPACED}])[\\p{L}\\p{M}\\p{N}])+`, "gu");

describe("tokenize with the unicode tokenizer", () => {
  it("is the matches of its definition as a pattern", () => {
    const letters = [
      ..."aZ9 -\u00e9\u0301\u4e00\u3005\u3042\u30a2\u0e01\u0e33\u0e34\u0e50\u1780\u17b6\u0627\u064b\u0915\u093f\ufdfa\ud800\u{1d7ce}\u{20000}\u{1f600}",
    ];
    const mixed = fc.string({ unit: fc.oneof(fc.constantFrom(...letters), fc.string({ minLength: 1, maxLength: 1 })) });
    fc.assert(
      fc.property(mixed, (original) => {
        const expected = original.normalize("NFKC").toLowerCase().match(UNICODE_TOKEN) ?? [];
        expect(tokenize(original, { tokenizer: "unicode", useStemmer: false })).toEqual([...expected]);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("TokenIds", () => {
  it.each([true, false])("numbers the tokens of tokenize (stemmer: %s), whatever it has met before", (useStemmer) => {
    const ids = new TokenIds(useStemmer);
    fc.assert(
      fc.property(text, text, (reference, hypothesis) => {
        expect(listed(ids.pair(reference, hypothesis))).toEqual(plainPair(reference, hypothesis, useStemmer));
      }),
      { numRuns: 300 },
    );
  });

  it("folds every character of Unicode as tokenize does", () => {
    const ids = new TokenIds(true);
    for (let block = 0; block < 0x110000; block += 0x1000) {
      const characters = Array.from({ length: 0x1000 }, (_, i) => block + i)
        .filter((code) => code < 0xd800 || code > 0xdfff)
        .map((code) => `x${String.fromCodePoint(code)}y`)
        .join(" ");
      expect(listed(ids.pair(characters, ""))).toEqual(plainPair(characters, "", true));
    }
  });

  it("stays right when its table overflows, collides, and starts anew", () => {
    const ids = new TokenIds(true);
    for (let round = 0; round < 4; round++) {
      const many = Array.from({ length: 20_000 }, (_, i) => `w${round}x${i}`).join(" ");
      const long = `${"ab".repeat(40)}ing ${"ab".repeat(40)}s ${"ab".repeat(40)}`;
      expect(listed(ids.pair(`${many} ${long}`, "w1x7 running runs"))).toEqual(
        plainPair(`${many} ${long}`, "w1x7 running runs", true),
      );
    }
  });
});
