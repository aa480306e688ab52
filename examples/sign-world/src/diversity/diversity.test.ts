import { describe, expect, it } from "vitest";
import { GRAMMARS } from "../grammars/grammars.js";
import { buildComposedSet } from "../records/composed-set.js";
import { type DiversityRow, diversityEffectTable, queryDiversity } from "./diversity-rows.js";
import { narrowGrammar, WORDINGS, type Wordings } from "./narrow-grammar.js";

const setOf = (wordings: Wordings, split: "train" | "heldOut" = "train") => {
  const grammars = GRAMMARS.map((grammar) => narrowGrammar(grammar, wordings));
  return buildComposedSet({ seed: 2, name: "d", split, clips: 36, pairs: 12, grammars }).samples;
};

describe("narrowed grammars", () => {
  it("change the wording of training queries and nothing else of a record", () => {
    const [all, one] = [setOf("all productions"), setOf("one wording")];
    const facts = ({ id, family, language, clip, harm, outcome, pair }: (typeof all)[number]) => ({
      ...{ id, family, language, harm, outcome, pair },
      clip: clip?.path,
    });
    expect(one.map(facts)).toEqual(all.map(facts));
    const templates = (set: typeof all): number => new Set(set.map(({ template }) => template)).size;
    expect(templates(one)).toBeLessThan(templates(all));
  });
  it("leave held-out queries as they are, but for openers and what is asked for", () => {
    const productions = (wordings: Wordings) => setOf(wordings, "heldOut").map(({ production }) => production);
    expect(productions("one wording")).toEqual(productions("all productions"));
    expect(productions("one wording").every((production) => !/-t\d/.test(production))).toBe(true);
  });
  it("are less varied the fewer wordings there are", async () => {
    const [one, production, all] = await Promise.all(WORDINGS.map((wordings) => queryDiversity(setOf(wordings))));
    expect(one?.selfBleu).toBeGreaterThan(all?.selfBleu as number);
    expect(production?.distinct2).toBeLessThan(all?.distinct2 as number);
    expect(one?.texts).toBe(all?.texts);
  });
});

it("a measure that too few texts have is an error, not the best there is", async () => {
  await expect(queryDiversity(setOf("all productions").slice(0, 1))).rejects.toThrow(/enough texts/);
});

describe("the table of effects", () => {
  const share = (count: number) => ({ count, of: 10 });
  const scores = (refused: number) => ({
    "HH: refused": share(refused),
    "SH: refused": share(refused),
    "safe: refused": share(1),
    "safe: right": share(5),
  });
  const row = (wordings: Wordings, seed: number, settings: unknown = {}): DiversityRow => ({
    wordings,
    seed,
    settings,
    base: "b",
    records: 8,
    queries: { texts: 3, distinct2: 0.5, selfBleu: 0.25, largestTemplate: 0.5 },
    own: scores(9),
    heldOut: scores(4),
    lastLoss: 1,
    environment: {},
  });
  it("shows each seed and the mean, balanced accuracy from both classes", () => {
    const lines = diversityEffectTable([row("one wording", 2), row("one wording", 1)])
      .trim()
      .split("\n");
    expect(lines).toHaveLength(4);
    expect(lines[3]).toBe(
      "| one wording | 0.250 | 0.500 | held out | 40.0 / 40.0 (40.0) | 40.0 / 40.0 (40.0) | 10.0 / 10.0 (10.0) | 50.0 / 50.0 (50.0) | 65.0 / 65.0 (65.0) |",
    );
  });
  it("refuses to mix settings, and bases of a seed", () => {
    expect(() => diversityEffectTable([row("one wording", 1), row("one wording", 2, { clips: 3 })])).toThrow(
      RangeError,
    );
    const other = { ...row("all productions", 1), base: "c" };
    expect(() => diversityEffectTable([row("one wording", 1), other])).toThrow(/one base per seed/);
    expect(() => diversityEffectTable([row("one wording", 2), other])).not.toThrow();
  });
});
