import { createHash } from "node:crypto";
import type { EvalItem } from "@videosafety/safety-data";
import { parseArm } from "../arms/arm.js";
import { armApplies, chooseVideos } from "../arms/arm-frames.js";
import type { Unit } from "../run/records/outcome.js";
import { linkRedis, loadBull, type RedisOptions } from "./redis-link-node.js";

/** Which queue: every run has one of its own, so that its counts are about nothing else. */
export interface QueueOptions extends RedisOptions {
  /** Beginning of the queue's name. */
  readonly queue: string;
  /** Id of the run: of model, generation and sampling. */
  readonly run: string;
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

/** What a job carries: ids only, since Redis holds jobs in clear text. */
export interface UnitJob extends Unit {
  /** Id of the run. */
  readonly run: string;
}

/** How a unit's job ended. */
export interface EndedUnit {
  /** How it was answered; `failed` when its job failed for good. */
  readonly outcome: string;
  /** Why it failed. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** A run's queue. */
export interface RunQueue {
  /** Puts every unit on the queue; a unit that is there already is not added again, one that failed is tried again. Returns their number. */
  enqueue(work: { items: readonly EvalItem[]; arms: readonly string[]; epochs?: number }): Promise<number>;
  /** How many jobs are in which state, also jobs that this run has not put there. */
  counts(): Promise<QueueCounts>;
  /** How the units that were put there ended: one entry per unit that has. Jobs of others are left out. */
  ended(): Promise<EndedUnit[]>;
  /** Disconnects. */
  close(): Promise<void>;
}

const ATTEMPTS = 5;
const PAGE = 1000;

/** Name of a run's queue in Redis. */
export const queueNameOf = ({ queue, run }: Pick<QueueOptions, "queue" | "run">): string =>
  `${queue}-${run}`.replaceAll(":", "-");

function jobId({ run, item, arm, epoch }: UnitJob): string {
  return createHash("sha256")
    .update(JSON.stringify([run, item, arm, epoch]))
    .digest("hex");
}

/**
 * Opens the queue of a run, to put its units there and to watch them.
 *
 * @throws {VsbEvalError} `queue_unreachable`, here and in every method, when Redis stays away longer than the deadline
 */
export async function openRunQueue(options: QueueOptions): Promise<RunQueue> {
  const { run } = options;
  const link = await linkRedis(options);
  const { Queue } = await loadBull();
  const queue = new Queue<UnitJob, EndedUnit["outcome"]>(queueNameOf(options), { connection: link.connection });
  queue.on("error", () => undefined); // The link says what is wrong.
  const ids = new Set<string>();

  async function* pages(state: "completed" | "failed") {
    for (let start = 0; ; start += PAGE) {
      const jobs = await link.guard(queue.getJobs([state], start, start + PAGE - 1, true));
      for (const job of jobs) if (job !== undefined && ids.has(job.id ?? "")) yield job;
      if (jobs.length < PAGE) return;
    }
  }

  return {
    async enqueue({ items, arms: names, epochs = 1 }) {
      const choose = chooseVideos(items);
      const arms = names.map(parseArm);
      const settings = {
        attempts: ATTEMPTS,
        backoff: { type: "exponential", delay: 1000 },
        removeOnComplete: false,
        removeOnFail: false,
      } as const;
      const jobs = items.flatMap((item) =>
        arms
          .filter((arm) => armApplies(arm, item, choose))
          .flatMap((arm) =>
            Array.from({ length: epochs }, (_, epoch): UnitJob => ({ run, item: item.id, arm: arm.name, epoch })),
          )
          .map((data) => ({ name: "evaluate", data, opts: { ...settings, jobId: jobId(data) } })),
      );
      for (const { opts } of jobs) ids.add(opts.jobId);
      for (let start = 0; start < jobs.length; start += PAGE)
        await link.guard(queue.addBulk(jobs.slice(start, start + PAGE)));
      await link.guard(queue.retryJobs({ state: "failed" }));
      return ids.size;
    },
    async counts() {
      const states = ["waiting", "delayed", "prioritized", "active", "completed", "failed"] as const;
      const { active = 0, completed = 0, failed = 0, ...waiting } = await link.guard(queue.getJobCounts(...states));
      return { waiting: Object.values(waiting).reduce((sum, n) => sum + n, 0), active, completed, failed };
    },
    async ended() {
      const found = new Map<string, EndedUnit>();
      for await (const job of pages("completed"))
        found.set(job.id as string, { outcome: job.returnvalue ?? "answered" });
      for await (const job of pages("failed")) {
        const [, code = "exception", message = ""] = /^([a-z_]+): ([\s\S]*)$/.exec(job.failedReason ?? "") ?? [];
        found.set(job.id as string, {
          outcome: "failed",
          error: { code, message: message || (job.failedReason ?? "") },
        });
      }
      return [...found.values()];
    },
    async close() {
      await Promise.race([queue.close(), new Promise((resolve) => setTimeout(resolve, 2000).unref())]);
      link.close();
    },
  };
}
