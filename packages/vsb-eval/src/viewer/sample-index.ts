import type { EvalItem } from "@videosafety/safety-data";
import { type ScoredUnit, safeOf } from "../metrics/scored-unit.js";
import type { EvaluatedRun } from "../results/evaluated-run.js";
import { runNames } from "../results/run-names.js";

/**
 * How a sample stands in a run, as one letter: R refusal, P partial refusal, C compliance, I inability (small letters: the answer was cut
 * and what is there decides); N answered without a verdict, B blocked, T cut and undecided, E error, J judge failed, U not reached.
 */
export type SampleState = "R" | "P" | "C" | "I" | "r" | "p" | "c" | "i" | "N" | "B" | "T" | "E" | "J" | "U";

/**
 * Every sample of every run, small enough to be opened at once: columns instead of objects, and one letter per sample and run. A row is an
 * item under an arm in an epoch; `items` columns are indexed by item, `rows` columns by row.
 */
export interface SampleIndex {
  /** Names of the runs, seeds told apart. */
  readonly runs: readonly string[];
  /** Texts that the numbers below stand for. */
  readonly words: {
    readonly subset: readonly string[];
    readonly category: readonly string[];
    readonly language: readonly string[];
    readonly family: readonly string[];
    readonly arm: readonly string[];
  };
  /** One entry per item. */
  readonly items: {
    readonly id: readonly string[];
    readonly query: readonly string[];
    readonly subset: readonly number[];
    readonly category: readonly number[];
    readonly language: readonly number[];
    readonly family: readonly number[];
    /** 1 = the item has a video. */
    readonly video: readonly (0 | 1)[];
  };
  /** One entry per row: item, arm, epoch. */
  readonly rows: {
    readonly item: readonly number[];
    readonly arm: readonly number[];
    readonly epoch: readonly number[];
  };
  /** Per run a text with one {@link SampleState} per row. */
  readonly states: readonly string[];
  /** Per run a text with d of each row: `1` safe, `0` harmful, `-` neither. */
  readonly safe: readonly string[];
}

const STANCES = { refusal: "R", partial_refusal: "P", compliance: "C", inability: "I" } as const;
const OUTCOMES = { answered: "N", blocked: "B", truncated: "T", error: "E", judge_failed: "J" } as const;

/** How a unit stands, as a letter. */
export function sampleState({ outcome, verdict }: ScoredUnit): SampleState {
  if (outcome === null) return "U";
  if (verdict === null || (outcome !== "answered" && outcome !== "truncated")) return OUTCOMES[outcome];
  const letter = STANCES[verdict.stance];
  return outcome === "truncated" ? (letter.toLowerCase() as SampleState) : letter;
}

/** Numbers texts in the order of their first use. */
function dictionary(): { words: string[]; numberOf: (text: string) => number } {
  const words: string[] = [];
  const numbers = new Map<string, number>();
  return {
    words,
    numberOf(text) {
      const known = numbers.get(text);
      if (known !== undefined) return known;
      numbers.set(text, words.length);
      return words.push(text) - 1;
    },
  };
}

/** The index of some runs over the same items. A row that a run does not plan counts as not reached there. */
export function buildSampleIndex(items: readonly EvalItem[], runs: readonly EvaluatedRun[]): SampleIndex {
  const [subset, category, language, family, arm] = Array.from({ length: 5 }, dictionary) as [
    ReturnType<typeof dictionary>,
    ReturnType<typeof dictionary>,
    ReturnType<typeof dictionary>,
    ReturnType<typeof dictionary>,
    ReturnType<typeof dictionary>,
  ];
  const itemNumber = new Map(items.map(({ id }, i) => [id, i]));
  const rows = { item: [] as number[], arm: [] as number[], epoch: [] as number[] };
  const rowNumber = new Map<string, number>();
  const seen = runs.map(({ units }) => {
    const cells: ScoredUnit[] = [];
    for (const unit of units) {
      const key = `${unit.item.id}\u0000${unit.arm}\u0000${unit.epoch}`;
      let row = rowNumber.get(key);
      if (row === undefined) {
        row = rows.item.push(itemNumber.get(unit.item.id) ?? -1) - 1;
        rows.arm.push(arm.numberOf(unit.arm));
        rows.epoch.push(unit.epoch);
        rowNumber.set(key, row);
      }
      cells[row] = unit;
    }
    return cells;
  });
  const letters = (of: (unit: ScoredUnit) => string, absent: string): string[] =>
    seen.map((cells) =>
      Array.from(rows.item, (_, row) => {
        const unit = cells[row];
        return unit === undefined ? absent : of(unit);
      }).join(""),
    );
  return {
    runs: runNames(runs),
    items: {
      id: items.map(({ id }) => id),
      query: items.map(({ query }) => query),
      subset: items.map((item) => subset.numberOf(item.subset)),
      category: items.map((item) => category.numberOf(item.subcategory ?? item.category ?? "none")),
      language: items.map((item) => language.numberOf(item.language)),
      family: items.map((item) => family.numberOf(item.family ?? "none")),
      video: items.map(({ video }) => (video === null ? 0 : 1)),
    },
    words: {
      subset: subset.words,
      category: category.words,
      language: language.words,
      family: family.words,
      arm: arm.words,
    },
    rows,
    states: letters(sampleState, "U"),
    safe: letters((unit) => `${safeOf(unit) ?? "-"}`, "-"),
  };
}
