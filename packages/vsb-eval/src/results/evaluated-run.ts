import type { EvalItem } from "@videosafety/safety-data";
import type { Attack } from "../attacks/attack.js";
import type { Json } from "../content-key.js";
import { VsbEvalError } from "../errors.js";
import { collectUnits, type ScoredUnit } from "../metrics/scored-unit.js";
import { type AllowedDifferences, refuseDifference } from "../run/records/run-differences.js";
import type { TruncatedMode } from "../run/records/truncated.js";
import type { GenerationOptions } from "../run/responder.js";
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
  /** How the answers were generated, where the store says so. */
  readonly generation?: GenerationOptions;
  /** How frames were sampled, where the store says so. */
  readonly sampling?: Json;
  /** What became of answers cut by the token limit; default `judge`. */
  readonly truncated?: TruncatedMode;
}

/** What to read from a store. */
export interface LoadRunOptions extends AllowedDifferences {
  /** Name in reports. */
  readonly name: string;
  /** Seed in reports; default 0. */
  readonly seed?: number;
  /** Id of the responder: must be the one that the run asked. */
  readonly responder: string;
  /** Id of the judge whose verdicts count; null for answers only. */
  readonly judge: string | null;
  /** The items that the run asked. */
  readonly items: readonly EvalItem[];
  /** Names of the arms. */
  readonly arms: readonly string[];
  /** Answers per item and arm; default 1. */
  readonly epochs?: number;
  /** Id of the run, from the `start` event of `runEvaluation`; default: the store's only run. */
  readonly run?: string;
  /** What becomes of answers cut by the token limit; default `judge`. */
  readonly truncated?: TruncatedMode;
  /** Attacks that arms name beside the built-in ones. */
  readonly attacks?: readonly Attack[];
}

function onlyRun(store: EvaluationStore): string {
  const runs = store.runs();
  if (runs.length > 1) {
    throw new VsbEvalError("invalid_input", `expected one run in the store, found ${runs.join(", ")}: say which`);
  }
  return runs[0] ?? "";
}

/**
 * Reads a run from its store and checks that it is the run that is asked for.
 *
 * @throws {VsbEvalError} `invalid_input` without `run` when the store holds several; `run_differs` when another model
 *   answered, an item has changed since it was asked, or only other judges gave verdicts.
 */
export function loadRun(store: EvaluationStore, options: LoadRunOptions): EvaluatedRun {
  const {
    name,
    seed = 0,
    responder,
    judge,
    items,
    arms,
    epochs = 1,
    truncated = "judge",
    allow,
    attacks = [],
  } = options;
  const run = options.run ?? onlyRun(store);
  const configuration = store.configuration(run);
  if (configuration !== undefined && configuration.responder !== responder) {
    const found = `found ${configuration.responder} in run ${run}`;
    refuseDifference("responder", `expected answers of ${responder}, ${found}: name the right run`, options);
  }
  const units = collectUnits(store, { run, judge, items, arms, epochs, truncated, allow, attacks });
  const { generation, sampling } = configuration ?? {};
  return {
    name,
    seed,
    responder,
    judge,
    run,
    arms,
    units,
    ...(generation === undefined ? {} : { generation }),
    ...(sampling === undefined ? {} : { sampling }),
    truncated,
  };
}
