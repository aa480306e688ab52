import { type Agreement, agreementOf, EVAL_SUBSETS, type EvalItem } from "@videosafety/safety-data";
import { defenseOf } from "../metrics/defense.js";
import { duplicateControl } from "../metrics/duplicate-control.js";
import { falseRefusalOf } from "../metrics/false-refusal.js";
import { pairBounds } from "../metrics/pair-bounds.js";
import { comparePaired, pairUnits } from "../metrics/paired-arms.js";
import { safeCompletionOf } from "../metrics/safe-completion.js";
import { refusedOf, type ScoredUnit, safeOf, stanceOf } from "../metrics/scored-unit.js";
import { taggedOutputOf } from "../metrics/tagged-output.js";
import { understandingOf } from "../metrics/understanding.js";
import { type AllowedDifferences, checkSameItems } from "../run/records/run-differences.js";
import { checkJudging } from "./comparable-runs.js";
import type { EvaluatedRun } from "./evaluated-run.js";
import {
  type ArmResults,
  type Cell,
  type DatasetSummary,
  type EvaluationResults,
  RESULTS_SCHEMA,
  type RunResults,
  type SubsetResults,
} from "./results.js";
import { summarize } from "./summarize.js";

/** How intervals are made, and which differences between runs are known. */
export interface ResultsOptions extends AllowedDifferences {
  /** Coverage of every interval, default 0.95. */
  readonly level?: number;
}

function cellsOf(units: readonly ScoredUnit[]): Cell[] {
  const cells = new Map<
    string,
    { category: string | null; subcategory: string | null; language: string; n: number; successes: number }
  >();
  for (const unit of units) {
    const { category, subcategory, language, subset } = unit.item;
    const value = subset === "SafeQ" ? refusedOf(unit) : safeOf(unit);
    if (value === null) continue;
    const key = `${category ?? ""}\u0000${subcategory ?? ""}\u0000${language}`;
    const cell = cells.get(key) ?? { category, subcategory, language, n: 0, successes: 0 };
    cell.n++;
    cell.successes += value;
    cells.set(key, cell);
  }
  return [...cells].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, cell]) => cell);
}

function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function helpfulnessOf(units: readonly ScoredUnit[]): ArmResults["helpfulness"] {
  const rated = units.filter((unit) => stanceOf(unit) !== null && unit.verdict?.helpfulness !== undefined);
  const value = (unit: ScoredUnit): number => unit.verdict?.helpfulness as number;
  const mean = meanOf(rated.map(value));
  return mean === null
    ? null
    : { mean, n: rated.length, meanGivenSafe: meanOf(rated.filter((u) => safeOf(u) === 1).map(value)) };
}

function armResults(arm: string, subset: string, units: readonly ScoredUnit[], level: number): ArmResults {
  const tokens = units.flatMap(({ usage }) => (usage === null ? [] : [usage.promptTokens]));
  const shown = units.filter(({ outcome }) => outcome !== null && outcome !== "error").map(({ frames }) => frames);
  return {
    arm,
    defense: subset === "SafeQ" ? null : defenseOf(units, level),
    falseRefusal: subset === "SafeQ" ? falseRefusalOf(units, level) : null,
    safeCompletion: subset === "SafeQ" ? safeCompletionOf(units, level) : null,
    understanding: subset === "SafeQ" ? null : understandingOf(units, level),
    tagged: taggedOutputOf(units, level),
    helpfulness: helpfulnessOf(units),
    load: { frames: meanOf(shown), promptTokens: meanOf(tokens) },
    cells: cellsOf(units),
  };
}

function subsetResults(run: EvaluatedRun, subset: (typeof EVAL_SUBSETS)[number], level: number): SubsetResults | null {
  const units = run.units.filter(({ item }) => item.subset === subset);
  if (units.length === 0) return null;
  const byArm = new Map(run.arms.map((arm) => [arm, units.filter((unit) => unit.arm === arm)]));
  const text = byArm.get("text");
  const arms = [...byArm].map(([arm, own]) => armResults(arm, subset, own, level));
  const drops =
    subset === "SafeQ" || text === undefined
      ? []
      : [...byArm]
          .filter(([arm]) => arm !== "text")
          .map(([arm, own]) => ({
            arm,
            ...comparePaired(pairUnits(text, own), level),
            bounds: pairBounds(text, own),
          }));
  const control = subset === "SafeQ" ? null : duplicateControl(units, level);
  return { subset, arms, drops, control };
}

function agreementOfVotes(units: readonly ScoredUnit[]): Agreement | null {
  const ratings = units.flatMap(({ verdict }) => {
    const votes = verdict?.votes;
    return votes === undefined ? [] : [votes.map(({ stance, safe }) => (stance === null ? null : `${safe}`))];
  });
  return ratings.length === 0 ? null : agreementOf(ratings);
}

function datasetSummary(items: readonly EvalItem[]): DatasetSummary {
  const subsets = { HH: 0, SH: 0, SafeQ: 0 };
  for (const { subset } of items) subsets[subset]++;
  const sorted = (values: Iterable<string>): string[] => [...new Set(values)].sort();
  return {
    items: items.length,
    videos: new Set(items.flatMap(({ video }) => (video === null ? [] : [video.sha256 ?? video.path]))).size,
    subsets,
    languages: sorted(items.map(({ language }) => language)),
    categories: sorted(items.flatMap(({ category }) => (category === null ? [] : [category]))),
  };
}

/** Refuses runs that cannot stand in one table: other items behind equal ids, another judge, another rule for cut answers. */
function checkRuns(items: readonly EvalItem[], runs: readonly EvaluatedRun[], allowed: AllowedDifferences): void {
  const byId = new Map(items.map((item) => [item.id, item]));
  const [first] = runs;
  for (const run of runs) {
    checkSameItems(new Set(run.units.map(({ item }) => item)), byId, allowed);
    checkJudging(first as EvaluatedRun, run, allowed);
  }
}

/**
 * All numbers of a report. Deterministic: the same items, runs and options give an equal object (and equal JSON).
 *
 * @param runs runs over the same items; equal names are seeds of one model.
 * @throws {VsbEvalError} `run_differs` when runs have other items behind equal ids, judges or rules for cut answers.
 */
export function buildResults(
  items: readonly EvalItem[],
  runs: readonly EvaluatedRun[],
  options: ResultsOptions = {},
): EvaluationResults {
  const { level = 0.95 } = options;
  checkRuns(items, runs, options);
  const results = runs.map((run): RunResults => {
    const { name, responder, judge } = run;
    const subsets = EVAL_SUBSETS.flatMap((subset) => subsetResults(run, subset, level) ?? []);
    const judgeAgreement = agreementOfVotes(run.units);
    const truncated = run.truncated ?? "judge";
    return { name, seed: run.seed, responder, judge, run: run.run, truncated, judgeAgreement, subsets };
  });
  const names = [...new Set(runs.map(({ name }) => name))];
  const summary = names.map((name) =>
    summarize(
      runs.filter((run) => run.name === name),
      results.filter((run) => run.name === name),
      level,
    ),
  );
  return {
    schema: RESULTS_SCHEMA,
    settings: { level },
    dataset: datasetSummary(items),
    summary,
    runs: results,
  };
}
