import type { EvalItem } from "@videosafety/safety-data";
import { collectUnits, type ScoredUnit } from "../metrics/scored-unit.js";
import type { EvaluationStore } from "../store/evaluation-store.js";

/** One model, one seed, on the items of a report. */
export interface EvaluatedRun {
  /** Name in reports; runs with equal names are seeds of one model. */
  readonly name: string;
  /** Seed of the training or of the generation. */
  readonly seed: number;
  /** Id of the responder. */
  readonly responder: string;
  /** Id of the judge; null when nothing was judged. */
  readonly judge: string | null;
  /** Id of the run's configuration in its store. */
  readonly run: string;
  /** Names of the arms. */
  readonly arms: readonly string[];
  /** Every planned unit. */
  readonly units: readonly ScoredUnit[];
}

/** Reads a run from its store; `run` is in the `start` event of `runEvaluation`, default: the store's only run. */
export function loadRun(
  store: EvaluationStore,
  options: {
    readonly name: string;
    readonly seed?: number;
    readonly responder: string;
    readonly judge: string | null;
    readonly items: readonly EvalItem[];
    readonly arms: readonly string[];
    readonly epochs?: number;
    readonly run?: string;
  },
): EvaluatedRun {
  const { name, seed = 0, responder, judge, items, arms, epochs = 1 } = options;
  const run = options.run ?? store.runs()[0] ?? "";
  return { name, seed, responder, judge, run, arms, units: collectUnits(store, { run, judge, items, arms, epochs }) };
}
