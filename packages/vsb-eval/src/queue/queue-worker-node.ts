import type { Worker as BullWorker, Job } from "bullmq";
import { VsbEvalError } from "../errors.js";
import type { EvaluationOptions } from "../run/evaluation-options.js";
import type { ResponseRecord } from "../run/records/outcome.js";
import { createUnitRunner } from "../run/run-evaluation.js";
import { queueNameOf, type UnitJob } from "./bull-queue-node.js";
import { linkRedis, loadBull, type RedisOptions } from "./redis-link-node.js";

/** What a worker needs beside `runEvaluation`'s options. Its store is its own: merge the stores in the end. */
export interface WorkerOptions extends RedisOptions {
  /** Beginning of the queue's name; the run's id is added. */
  readonly queue: string;
  /** The same items, arms, judge, generation and sampling as every other worker, and a store of this worker's own. */
  readonly evaluation: EvaluationOptions;
  /** Jobs at a time; default 16. */
  readonly concurrency?: number;
  /** Milliseconds after which a dead worker's job goes to another; default 30,000. */
  readonly lockMs?: number;
  /** How often a job may be lost with its worker before it fails; default 3. */
  readonly maxStalledCount?: number;
}

/** A running worker. */
export interface QueueWorker {
  /** Id of the run's configuration. */
  readonly run: string;
  /** Rejects when the worker cannot go on: Redis stays away, or the model's server refuses every request. Never resolves. */
  readonly failed: Promise<never>;
  /** Lets jobs in hand finish, then disconnects. */
  close(): Promise<void>;
}

/** Codes of errors that another try may not meet, as for a run without a queue. */
const PASSING: ReadonlySet<string> = new Set(["timeout", "connection", "server_error"]);

const isUnit = (data: unknown, run: string): data is UnitJob => {
  const { run: of, item, arm, epoch } = (data ?? {}) as Partial<UnitJob>;
  return of === run && typeof item === "string" && typeof arm === "string" && Number.isInteger(epoch);
};

/**
 * Takes units from a run's queue until it is closed. Delivery is at least once; doing a unit twice is harmless, since its
 * store finds the answer by content. A rate limit pauses the whole queue; time-outs and failures of the
 * network or a server are stored and the job is tried again, in the end failed; other errors and judgements fail at once. A job that is no unit of the run fails at once. An error that every other request would
 * meet too (a wrong key) ends the worker and gives its jobs back.
 *
 * @throws {VsbEvalError} `queue_unreachable` when Redis does not answer within the deadline
 */
export async function startWorker(options: WorkerOptions): Promise<QueueWorker> {
  const { queue, evaluation, concurrency = 16, lockMs = 30_000, maxStalledCount = 3 } = options;
  const runner = await createUnitRunner({ ...evaluation, retry: { ...evaluation.retry, maxRetries: 0 } });
  const { run } = runner;
  const { Worker, UnrecoverableError, DelayedError } = await loadBull();
  const link = await linkRedis(options);
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);

  const failure = (error: ResponseRecord["error"], before: string): Error => {
    const message = `${before}${error?.code}: ${error?.message}`;
    return PASSING.has(error?.code ?? "") ? new Error(message) : new UnrecoverableError(message);
  };
  const evaluate = async (job: Job<UnitJob>) => {
    const { item, arm, epoch } = job.data;
    try {
      return await runner.evaluate({ item, arm, epoch });
    } catch (error) {
      if (!(error instanceof VsbEvalError)) throw error;
      if (error.code === "invalid_input" || error.code === "invalid_arm")
        throw new UnrecoverableError(`invalid_input: ${error.message}`);
      fail(error);
      await job.moveToDelayed(Date.now() + 5000, job.token);
      throw new DelayedError();
    }
  };
  const worker: BullWorker<UnitJob, string> = new Worker<UnitJob, string>(
    queueNameOf({ queue, run }),
    async (job) => {
      if (!isUnit(job.data, run))
        throw new UnrecoverableError(`invalid_input: expected a unit of run ${run}, found another job`);
      const { key, outcome, error } = await evaluate(job);
      if (error?.code === "rate_limited") {
        await worker.rateLimit(15_000);
        throw Worker.RateLimitError();
      }
      if (outcome === "error") throw failure(error, "");
      const verdict = evaluation.judge === null ? undefined : evaluation.store.verdict(evaluation.judge.id, key);
      if (verdict?.verdict === null) throw failure(verdict.error, "judge_failed: ");
      return outcome;
    },
    {
      connection: link.connection,
      concurrency,
      lockDuration: lockMs,
      stalledInterval: Math.max(500, lockMs / 2),
      maxStalledCount,
    },
  );
  worker.on("error", () => undefined); // The link says what is wrong.
  // Nothing else waits for Redis while no job is there, so something has to look whether it is still there.
  void link.guard(new Promise<never>(() => undefined)).catch((error: unknown) => {
    if (options.signal?.aborted !== true) fail(error);
  });
  return {
    run,
    failed,
    async close() {
      const after = (seconds: number): Promise<"late"> =>
        new Promise((resolve) => setTimeout(resolve, 1000 * seconds, "late").unref());
      // Without Redis jobs cannot be handed in; their answers are in the store, and another worker gets them again.
      const patience = link.connection.status === "ready" ? (options.deadlineSeconds ?? 60) : 0.5;
      const ended = await Promise.race([worker.close().then(() => "closed" as const), after(patience)]);
      if (ended === "late") await Promise.race([worker.close(true), after(1)]);
      link.close();
    },
  };
}
