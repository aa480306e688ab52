import { createHash } from "node:crypto";
import type { EvalItem } from "@videosafety/safety-data";
import type { Worker as BullWorker } from "bullmq";
import { parseArm } from "../arms/arm.js";
import { armApplies, chooseVideos } from "../arms/arm-frames.js";
import { VsbEvalError } from "../errors.js";
import type { EvaluationOptions } from "../run/evaluation-options.js";
import type { Unit } from "../run/outcome.js";
import { createUnitRunner } from "../run/run-evaluation.js";

/** Which queue. Use one queue an endpoint: the rate limit is the queue's. */
export interface QueueOptions {
  /** Address of Redis or Valkey, with AOF on and `maxmemory-policy noeviction`. */
  readonly url: string;
  /** Name of the queue, e.g. a run's name. */
  readonly queue: string;
}

/** Queue states, counted. */
export interface QueueCounts {
  /** Jobs waiting or delayed. */
  readonly waiting: number;
  /** Jobs in a worker's hands. */
  readonly active: number;
  /** Jobs done. */
  readonly completed: number;
  /** Jobs that failed for good. */
  readonly failed: number;
}

const ATTEMPTS = 5;

/** Ids only: Redis holds jobs in clear text. */
function jobId(unit: Unit): string {
  return createHash("sha256")
    .update(JSON.stringify([unit.item, unit.arm, unit.epoch]))
    .digest("hex");
}

/** bullmq and ioredis are optional peers, loaded when a queue is used. */
async function connect(url: string) {
  const [{ Queue, Worker }, { Redis }] = await Promise.all([import("bullmq"), import("ioredis")]).catch(
    (cause: unknown) => {
      throw new VsbEvalError(
        "invalid_input",
        "expected the optional packages bullmq and ioredis, found neither or only one: npm install bullmq ioredis",
        { cause },
      );
    },
  );
  return { Queue, Worker, connection: new Redis(url, { maxRetriesPerRequest: null }) };
}

/**
 * Puts every unit of a run on a queue; a unit that is there already is not added again.
 *
 * @returns how many units the run has.
 */
export async function enqueueRun(
  options: QueueOptions & {
    readonly items: readonly EvalItem[];
    readonly arms: readonly string[];
    readonly epochs?: number;
  },
): Promise<number> {
  const { url, queue: name, items, arms, epochs = 1 } = options;
  const { Queue, connection } = await connect(url);
  const queue = new Queue<Unit>(name, { connection });
  const choose = chooseVideos(items);
  let count = 0;
  try {
    for (const item of items) {
      const units = arms
        .map(parseArm)
        .filter((arm) => armApplies(arm, item, choose))
        .flatMap((arm) =>
          Array.from({ length: epochs }, (_, epoch): Unit => ({ item: item.id, arm: arm.name, epoch })),
        );
      const settings = {
        attempts: ATTEMPTS,
        backoff: { type: "exponential", delay: 1000 },
        removeOnComplete: false,
      } as const;
      await queue.addBulk(
        units.map((unit) => ({ name: "evaluate", data: unit, opts: { ...settings, jobId: jobId(unit) } })),
      );
      count += units.length;
    }
  } finally {
    await queue.close();
    connection.disconnect();
  }
  return count;
}

/** Where a queue stands. */
export async function queueCounts({ url, queue: name }: QueueOptions): Promise<QueueCounts> {
  const { Queue, connection } = await connect(url);
  const queue = new Queue(name, { connection });
  try {
    const counts = await queue.getJobCounts("waiting", "delayed", "prioritized", "active", "completed", "failed");
    const { active = 0, completed = 0, failed = 0, ...waiting } = counts;
    return { waiting: Object.values(waiting).reduce((sum, n) => sum + n, 0), active, completed, failed };
  } finally {
    await queue.close();
    connection.disconnect();
  }
}

/** What a worker needs beside `runEvaluation`'s options. Its store is its own: merge the stores in the end. */
export interface WorkerOptions extends QueueOptions {
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
  /** Lets jobs in hand finish, then disconnects. */
  close(): Promise<void>;
}

/**
 * Takes units from a queue until it is closed. Delivery is at least once; doing a unit twice is harmless, since its
 * store finds the answer by content. A rate limit pauses the whole queue for the time the server asked for; other errors
 * are stored and the job is tried again.
 */
export async function startWorker(options: WorkerOptions): Promise<QueueWorker> {
  const { url, queue, evaluation, concurrency = 16, lockMs = 30_000, maxStalledCount = 3 } = options;
  const runner = await createUnitRunner({ ...evaluation, retry: { ...evaluation.retry, maxRetries: 0 } });
  const { Worker, connection } = await connect(url);
  const worker: BullWorker<Unit> = new Worker<Unit>(
    queue,
    async ({ data: { item, arm, epoch } }) => {
      const { outcome, error } = await runner.evaluate({ item, arm, epoch });
      if (outcome !== "error") return;
      if (error?.code === "rate_limited") {
        await worker.rateLimit(15_000);
        throw Worker.RateLimitError();
      }
      // An empty answer is final; anything else may pass.
      if (error?.code !== "empty_answer") throw new Error(`${error?.code}: ${error?.message}`);
    },
    { connection, concurrency, lockDuration: lockMs, stalledInterval: Math.max(500, lockMs / 2), maxStalledCount },
  );
  return {
    run: runner.run,
    async close() {
      await worker.close();
      connection.disconnect();
    },
  };
}
