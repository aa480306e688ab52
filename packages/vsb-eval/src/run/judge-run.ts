import type { EvalItem } from "@videosafety/safety-data";
import type { Judge } from "../judge/verdict.js";
import type { EvaluationStore } from "../store/evaluation-store.js";
import { type JudgedResponse, Judging } from "./judging.js";
import type { Unit } from "./records/outcome.js";
import { isJudgeable } from "./records/response-record.js";
import { type AllowedDifferences, checkUnitItems } from "./records/run-differences.js";
import type { TruncatedMode } from "./records/truncated.js";
import { AbortHub } from "./scheduling/abort-hub.js";
import type { LimiterOptions } from "./scheduling/adaptive-limiter.js";
import type { RetryOptions } from "./scheduling/attempt.js";
import { EventQueue } from "./scheduling/event-queue.js";
import { TaskGroup } from "./scheduling/task-group.js";

/** What to judge. */
export interface JudgeRunOptions {
  /** Store with answers. */
  readonly store: EvaluationStore;
  /** Id of the run in the store. */
  readonly run: string;
  /** Items by whose policy the answers are judged. */
  readonly items: readonly EvalItem[];
  /** The judge. */
  readonly judge: Judge;
  /** What becomes of answers cut by the token limit; default `judge`. */
  readonly truncated?: TruncatedMode;
  /** Differences between the items and those that the run asked which are known; default none. */
  readonly allow?: AllowedDifferences["allow"];
  /** Bounds on requests to the judge. */
  readonly concurrency?: LimiterOptions;
  /** Retries and time-out. */
  readonly retry?: RetryOptions;
  /** Stops; what was judged is kept. */
  readonly signal?: AbortSignal;
}

/** A unit judged. */
export interface JudgeRunEvent extends JudgedResponse {
  /** Item, arm and epoch. */
  readonly unit: Unit;
  /** Units judged so far. */
  readonly done: number;
  /** Units with an answer. */
  readonly total: number;
}

/**
 * Judges the answers a store already holds, with another judge or after a failure, without asking the model again.
 *
 * @throws {VsbEvalError} `run_differs` when an item has changed since it was asked.
 */
export async function* judgeRun(options: JudgeRunOptions): AsyncGenerator<JudgeRunEvent, void, void> {
  const { store, run, judge, truncated = "judge", concurrency, retry } = options;
  const items = new Map(options.items.map((item) => [item.id, item]));
  checkUnitItems(store.units(run), items, options);
  const answered = [...store.units(run)].flatMap((unit) => {
    if (unit.probe !== undefined) return [];
    const response = store.response(unit.response);
    const item = items.get(unit.item);
    return response !== undefined && item !== undefined && isJudgeable(response, truncated)
      ? [{ unit, response, item }]
      : [];
  });
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(options.signal?.reason);
  if (options.signal?.aborted) onAbort();
  options.signal?.addEventListener("abort", onAbort, { once: true });
  const judging = new Judging(judge, store, new AbortHub(controller.signal), { concurrency, retry });
  const events = new EventQueue<JudgeRunEvent>(1024);
  const tasks = new TaskGroup(1024, (error) => controller.abort(error));
  let done = 0;
  const finished = (async () => {
    for (const { unit, response, item } of answered) {
      if (controller.signal.aborted) break;
      await tasks.start(async () => {
        const judged = await judging.judge(item, response);
        const { item: id, arm, epoch } = unit;
        await events.push({ unit: { item: id, arm, epoch }, ...judged, done: ++done, total: answered.length });
      });
    }
    await tasks.drain();
    controller.signal.throwIfAborted();
  })().then(
    () => events.end(),
    (error: unknown) => events.end({ error }),
  );
  try {
    yield* events;
  } finally {
    controller.abort(new DOMException("the consumer stopped", "AbortError"));
    events.end();
    await finished;
    options.signal?.removeEventListener("abort", onAbort);
  }
}
