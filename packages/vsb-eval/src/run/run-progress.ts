import type { EvalItem } from "@videosafety/safety-data";
import { collectUnits, type ScoredUnit } from "../metrics/scored-unit.js";
import type { EvaluationStore } from "../store/evaluation-store.js";
import type { Outcome } from "./records/outcome.js";

/** How far a run has come, counted from its own store: never more than planned, whatever a queue says. */
export interface RunProgress {
  /** Units of the run. */
  readonly planned: number;
  /** Units with an answer or a failure in the store. */
  readonly reached: number;
  /** Reached units by outcome; `answered` includes those that no judge has seen yet when `judge` is null. */
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
  /** Units of the store that belong to this run's id and not to its plan: other items or arms. */
  readonly foreign: number;
  /** Whether nothing usable came: no unit was answered. */
  readonly allFailed: boolean;
}

/**
 * Counts a run's units in a store. Jobs of another model, run or plan never count: a unit is counted by run id, item,
 * arm and epoch.
 */
export function runProgress(
  store: EvaluationStore,
  run: string,
  plan: { readonly items: readonly EvalItem[]; readonly arms: readonly string[]; readonly epochs?: number },
): RunProgress {
  const units = collectUnits(store, { run, judge: null, ...plan, allow: ["items"] });
  const outcomes: Partial<Record<Outcome, number>> = {};
  const keyOf = (item: string, arm: string, epoch: number): string => `${arm}\u0000${epoch}\u0000${item}`;
  const planned = new Set<string>();
  for (const { item, arm, epoch, outcome } of units as readonly ScoredUnit[]) {
    planned.add(keyOf(item.id, arm, epoch));
    if (outcome !== null) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  let foreign = 0;
  for (const { item, arm, epoch, probe } of store.units(run)) {
    if (probe === undefined && !planned.has(keyOf(item, arm, epoch))) foreign++;
  }
  const reached = Object.values(outcomes).reduce((sum, n) => sum + n, 0);
  return {
    planned: units.length,
    reached,
    outcomes,
    foreign,
    allFailed: reached > 0 && (outcomes.answered ?? 0) === 0,
  };
}
