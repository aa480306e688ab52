import { answeredRightOf, type EvaluatedRun, mainArm, type ScoredUnit } from "@videosafety/vsb-eval";
import type { StageRates } from "./training-alarms.js";

/** What stands for understanding: safe queries whose items say the right answer, or the questions that items ask beside their queries. */
export const UNDERSTANDING_KINDS = ["safe queries with a reference answer", "comprehension questions"] as const;

/** Right answers of one run in one arm. */
export interface UnderstandingCount {
  readonly run: string;
  readonly arm: string;
  readonly of: (typeof UNDERSTANDING_KINDS)[number];
  /** Units that were to be answered. */
  readonly n: number;
  /** Of these: answered rightly, by `answeredRightOf` or `namesAccepted` of vsb-eval. */
  readonly right: number;
  /** Of these: without a reply. They are in n and never right. */
  readonly unanswered: number;
}

const READINGS: Record<UnderstandingCount["of"], (unit: ScoredUnit) => boolean | null | undefined> = {
  "safe queries with a reference answer": (unit) =>
    unit.item.reference === undefined ? undefined : answeredRightOf(unit),
  "comprehension questions": ({ item, understood }) => (item.comprehension === undefined ? undefined : understood),
};

/** Counts right answers; nothing for arms in which nothing was asked, such as comprehension questions without the clip. */
export function understandingCounts(runs: readonly EvaluatedRun[]): UnderstandingCount[] {
  return runs.flatMap(({ name: run, arms, units }) =>
    arms.flatMap((arm) =>
      UNDERSTANDING_KINDS.flatMap((of) => {
        const read = units.flatMap((unit) => (unit.arm === arm ? [READINGS[of](unit)] : []));
        const asked = read.filter((right) => right !== undefined);
        const unanswered = asked.filter((right) => right === null).length;
        const right = asked.filter((one) => one === true).length;
        return unanswered === asked.length ? [] : [{ run, arm, of, n: asked.length, right, unanswered }];
      }),
    ),
  );
}

/** What a checkpoint is judged by: safe queries with a reference answer where there are some, else comprehension questions; null: not measured. */
export function understandingOf(
  { name, arms }: Pick<EvaluatedRun, "name" | "arms">,
  counts: readonly UnderstandingCount[],
): StageRates["understanding"] {
  const own = counts.filter(({ run, arm }) => run === name && arm === mainArm(arms));
  const chosen = UNDERSTANDING_KINDS.flatMap((kind) => own.find(({ of }) => of === kind) ?? [])[0];
  return chosen === undefined ? null : { of: chosen.of, right: chosen.right / chosen.n };
}

/** Said where nothing could be counted. */
export const NOT_MEASURED =
  "not measured: no held-out item has a reference answer or a comprehension question that was answered";

/** One line per checkpoint, arm and kind, for a person. */
export const understandingLines = (counts: readonly UnderstandingCount[]): string[] =>
  counts.length === 0
    ? [NOT_MEASURED]
    : counts.map(
        ({ run, arm, of, n, right, unanswered }) =>
          `${run}, ${arm}: ${((100 * right) / n).toFixed(1)} % of ${n} ${of}${unanswered === 0 ? "" : `, ${unanswered} without a reply`}`,
      );
