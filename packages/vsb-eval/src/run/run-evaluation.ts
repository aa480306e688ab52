import { Evaluation } from "./evaluation.js";
import type { EvaluationEvent, EvaluationOptions } from "./evaluation-options.js";
import type { ResponseRecord, Unit } from "./records/outcome.js";

/**
 * Asks a model every item under every arm, judges the answers and stores both, yielding progress. What the store
 * already holds is not asked again, except errors and failed judgements. Leaving the loop early, or aborting
 * the signal, cancels requests in flight and keeps what was answered; the same call resumes.
 *
 * @throws {VsbEvalError} `invalid_input`, `invalid_arm`, `store_write_failed`, or `fatal_responder` when every other
 *   request would fail the same way; the signal's reason when aborted.
 */
export async function* runEvaluation(options: EvaluationOptions): AsyncGenerator<EvaluationEvent, void, void> {
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(options.signal?.reason);
  if (options.signal?.aborted) onAbort();
  options.signal?.addEventListener("abort", onAbort, { once: true });
  const evaluation = new Evaluation(options, controller);
  const finished = evaluation.execute().then(
    () => evaluation.events.end(),
    (error: unknown) => evaluation.events.end({ error }),
  );
  try {
    yield* evaluation.events;
  } finally {
    controller.abort(new DOMException("the evaluation's consumer stopped", "AbortError"));
    evaluation.events.end();
    await finished;
    options.signal?.removeEventListener("abort", onAbort);
  }
}

/** Evaluates single units on demand: what a queue's worker needs. */
export interface UnitRunner {
  /** Id of the configuration, as in the `start` event. */
  readonly run: string;
  /** Answers and judges a unit, or finds both in the store; errors are records, as in `runEvaluation`. */
  evaluate(unit: Unit): Promise<ResponseRecord>;
}

/** A runner over the same options as `runEvaluation`, without `respondMany`. Abort `options.signal` to stop it. */
export async function createUnitRunner(options: EvaluationOptions): Promise<UnitRunner> {
  const controller = new AbortController();
  options.signal?.addEventListener("abort", () => controller.abort(options.signal?.reason), { once: true });
  const evaluation = new Evaluation(options, controller);
  evaluation.events.end();
  return { run: await evaluation.start(), evaluate: (unit) => evaluation.evaluate(unit) };
}
