import { Worker } from "node:worker_threads";
import type { ScoreJob } from "../compose/batch-scorer.js";
import { type Score, unscorable } from "../scores/score.js";
import {
  type ChunkAnswer,
  type ChunkRequest,
  PHASE,
  type WorkerReady,
  type WorkerSettings,
} from "./worker-protocol.js";

/** More work is waiting than the server is set to hold: try again later. */
export class OverloadedError extends Error {
  override readonly name = "OverloadedError";
  /** Stable reason, safe to switch on. */
  readonly code = "overloaded";
}

/** How a pool is started. */
export interface WorkerPoolOptions {
  /** Number of threads. */
  readonly workers: number;
  /** Time one item may take, in milliseconds, before its thread is ended and the item is unscorable. */
  readonly itemDeadlineMilliseconds: number;
  /** Most items that wait or run at a time. */
  readonly maxQueuedItems: number;
  /** Largest heap of a thread, in MiB. */
  readonly workerHeapMebibytes: number;
  /** File URL of a module that exports `rewards`, or null. */
  readonly rewardModule: string | null;
  /** Options of the accuracy reward. */
  readonly accuracy: Readonly<Record<string, unknown>>;
  /** Limits of the reward `overlong`, or null. */
  readonly overlong: WorkerSettings["overlong"];
  /** Program of a thread; default: the built one beside this file. */
  readonly program?: URL;
  /** Hears of every thread that had to be replaced. */
  readonly onRestart?: (reason: string) => void;
}

/** Numbers of a judged job. */
export interface JudgedJob {
  /** [items x rewards], row-major; NaN = unscorable. */
  readonly values: Float64Array;
  /** Full scores by position in `values`: all with details, else those of the nulls. */
  readonly scores: ReadonlyMap<number, Score>;
}

/** Threads that judge jobs. */
export interface WorkerPool {
  /** Names of the rewards they know. */
  readonly names: readonly string[];
  /** Whether a thread is there to judge. */
  readonly ready: boolean;
  /** Items waiting or running. */
  readonly queuedItems: number;
  /** Judges a job, its items spread over the threads. @throws OverloadedError */
  score(job: ScoreJob, options: { readonly details: boolean; readonly signal?: AbortSignal }): Promise<JudgedJob>;
  /** Ends the threads; work under way is rejected. */
  close(): Promise<void>;
}

interface Chunk {
  readonly job: ScoreJob;
  /** Positions of the chunk's items in the whole job. */
  readonly positions: readonly number[];
  readonly details: boolean;
  readonly isDropped: () => boolean;
  readonly settle: (position: number, scores: readonly Score[]) => void;
  readonly finish: (answer: ChunkAnswer, positions: readonly number[]) => void;
  readonly fail: (error: Error) => void;
}

interface Thread {
  worker: Worker;
  progress: Int32Array;
  ready: boolean;
  chunk: Chunk | null;
  /** Progress as last seen, and since when. */
  seen: number;
  since: number;
}

/**
 * Starts the threads and waits until they have loaded their rewards.
 *
 * A thread writes the index of the item it is at into shared memory. When that has not moved for the deadline, the
 * thread is ended, that item becomes unscorable, the chunk's other items are judged again by a fresh thread, and nothing else is
 * touched. A chunk that dies without naming an item is halved until the item is found.
 * @throws the error of a thread that cannot load its rewards
 */
export async function createWorkerPool(options: WorkerPoolOptions): Promise<WorkerPool> {
  const { itemDeadlineMilliseconds: deadline } = options;
  const program = options.program ?? new URL("./reward-worker-node.js", import.meta.url);
  const threads: Thread[] = [];
  const queue: Chunk[] = [];
  let names: readonly string[] = [];
  let queuedItems = 0;
  let closed = false;

  const start = (slot: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const shared = new SharedArrayBuffer(4);
      const worker = new Worker(program, {
        workerData: {
          rewardModule: options.rewardModule,
          accuracy: options.accuracy,
          overlong: options.overlong,
          itemDeadlineMilliseconds: deadline,
          progress: shared,
        } satisfies WorkerSettings,
        resourceLimits: { maxOldGenerationSizeMb: options.workerHeapMebibytes },
      });
      const thread: Thread = { worker, progress: new Int32Array(shared), ready: false, chunk: null, seen: 0, since: 0 };
      thread.progress[0] = PHASE.idle;
      threads[slot] = thread;
      let failure: Error | null = null;
      worker.on("message", (message: WorkerReady | ChunkAnswer) => {
        if ("names" in message) {
          names = message.names;
          thread.ready = true;
          resolve();
        } else {
          const chunk = thread.chunk;
          thread.chunk = null;
          chunk?.finish(message, chunk.positions);
        }
        dispatch();
      });
      worker.on("error", (error) => {
        failure = error;
      });
      worker.on("exit", (code) => {
        if (closed) return;
        const reason = failure?.message ?? `the thread ended with code ${code}`;
        if (!thread.ready) {
          reject(failure ?? new Error(reason));
          return;
        }
        replace(slot, `the reward ended its thread: ${reason}`, false);
      });
    });

  /** Puts a fresh thread in a slot and deals with what the old one was doing. */
  const replace = (slot: number, reason: string, terminate: boolean): void => {
    const thread = threads[slot] as Thread;
    const { chunk } = thread;
    const at = Atomics.load(thread.progress, 0);
    thread.chunk = null;
    thread.ready = false;
    thread.worker.removeAllListeners();
    thread.worker.on("error", () => {});
    if (terminate) void thread.worker.terminate();
    options.onRestart?.(reason);
    if (chunk) requeue(chunk, at, reason);
    restart(slot);
  };

  /** A thread that cannot start again is tried every second; while none is left, waiting work fails instead of waiting. */
  const restart = (slot: number): void => {
    start(slot).catch((error: Error) => {
      if (closed) return;
      if (!threads.some(({ ready }) => ready)) for (const waiting of queue.splice(0)) waiting.fail(error);
      setTimeout(() => closed || restart(slot), 1000).unref();
    });
  };

  const requeue = (chunk: Chunk, at: number, reason: string): void => {
    const { positions } = chunk;
    if (at < 0 && positions.length > 1) {
      const middle = positions.length >> 1;
      queue.unshift(
        { ...chunk, positions: positions.slice(0, middle) },
        { ...chunk, positions: positions.slice(middle) },
      );
      return;
    }
    const guilty = positions[Math.max(0, at)] as number;
    chunk.settle(
      guilty,
      chunk.job.rewards.map(() => unscorable(reason)),
    );
    const rest = positions.filter((position) => position !== guilty);
    if (rest.length > 0) queue.unshift({ ...chunk, positions: rest });
  };

  const dispatch = (): void => {
    for (const thread of threads) {
      if (!thread.ready || thread.chunk) continue;
      let chunk = queue.shift();
      while (chunk?.isDropped()) chunk = queue.shift();
      if (!chunk) return;
      const items = chunk.positions.map((position) => chunk.job.items[position] as ScoreJob["items"][number]);
      thread.chunk = chunk;
      thread.seen = PHASE.idle;
      thread.since = performance.now();
      thread.worker.postMessage({
        chunk: 0,
        job: { ...chunk.job, items },
        details: chunk.details,
      } satisfies ChunkRequest);
    }
  };

  // A thread past its items only waits for pausing rewards, which end at their own deadline: well after it, it is stuck.
  const watch = setInterval(
    () => {
      const now = performance.now();
      threads.forEach((thread, slot) => {
        if (!thread.chunk) return;
        const at = Atomics.load(thread.progress, 0);
        if (at !== thread.seen) {
          thread.seen = at;
          thread.since = now;
        } else if (now - thread.since > (at >= 0 ? deadline : deadline * 1.5 + 100))
          replace(slot, `the reward took more than ${deadline} ms`, true);
      });
    },
    Math.max(5, deadline / 4),
  );
  watch.unref();

  try {
    await Promise.all(Array.from({ length: options.workers }, (_, slot) => start(slot)));
  } catch (error) {
    closed = true;
    clearInterval(watch);
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
    throw error;
  }

  return {
    get names() {
      return names;
    },
    get ready() {
      return !closed && threads.some(({ ready }) => ready);
    },
    get queuedItems() {
      return queuedItems;
    },
    async score(job, { details, signal }) {
      const count = job.items.length;
      const width = job.rewards.length;
      if (closed) throw new OverloadedError("the server is shutting down: send the request to another one");
      if (queuedItems + count > options.maxQueuedItems)
        throw new OverloadedError(
          `expected at most ${options.maxQueuedItems} waiting items, found ${queuedItems} and ${count} more: try again later`,
        );
      signal?.throwIfAborted();
      const values = new Float64Array(count * width);
      const scores = new Map<number, Score>();
      if (count === 0) return { values, scores };
      queuedItems += count;
      try {
        await new Promise<void>((resolve, reject) => {
          let left = count;
          let failed = false;
          const done = (items: number): void => {
            left -= items;
            if (left === 0) resolve();
          };
          const fail = (error: Error): void => {
            failed = true;
            reject(error);
          };
          const shared = {
            job,
            details,
            isDropped: () => failed,
            fail,
            settle: (position: number, row: readonly Score[]) => {
              row.forEach((score, k) => {
                values[position * width + k] = score.value ?? Number.NaN;
                scores.set(position * width + k, score);
              });
              done(1);
            },
            finish: (answer: ChunkAnswer, positions: readonly number[]) => {
              positions.forEach((position, i) => {
                values.set(answer.values.subarray(i * width, (i + 1) * width), position * width);
              });
              for (const [at, score] of answer.scores)
                scores.set((positions[Math.floor(at / width)] as number) * width + (at % width), score);
              done(positions.length);
            },
          };
          signal?.addEventListener("abort", () => fail(signal.reason as Error), { once: true });
          const size = Math.min(256, Math.max(8, Math.ceil(count / (options.workers * 2))));
          for (let from = 0; from < count; from += size)
            queue.push({
              ...shared,
              positions: Array.from({ length: Math.min(size, count - from) }, (_, i) => from + i),
            });
          dispatch();
        });
      } finally {
        queuedItems -= count;
      }
      return { values, scores };
    },
    async close() {
      closed = true;
      clearInterval(watch);
      const stopped = new OverloadedError("the server is shutting down: send the request to another one");
      for (const chunk of queue.splice(0)) chunk.fail(stopped);
      for (const { chunk } of threads) chunk?.fail(stopped);
      await Promise.all(threads.map(({ worker }) => worker.terminate()));
    },
  };
}
