import { Worker } from "node:worker_threads";
import { PHASE, type WorkerAnswer, type WorkerSettings, type WorkerTask } from "./worker-protocol.js";

/** A task with what becomes of it. */
export interface QueuedTask {
  readonly task: WorkerTask;
  /** Whether nobody waits for it any more. */
  readonly isDropped: () => boolean;
  readonly answered: (answer: WorkerAnswer) => void;
  /** The thread ended over it. `at` is the item it was at, or below zero when it was at none. */
  readonly lost: (at: number, reason: string) => void;
  readonly failed: (error: Error) => void;
}

/** How threads are started. */
export interface ThreadOptions {
  readonly workers: number;
  readonly settings: Omit<WorkerSettings, "progress">;
  /** Program of a thread. */
  readonly program: URL;
  /** Largest heap of a thread, in MiB. */
  readonly heapMebibytes: number;
  /** Hears of every thread that had to be replaced. */
  readonly onRestart: (reason: string) => void;
  /** Hears of what rewards leave behind that fails later. */
  readonly onStray: (message: string) => void;
}

/** Threads that take tasks from one queue. */
export interface WorkerThreads {
  readonly names: readonly string[];
  readonly ready: boolean;
  /** Adds tasks, at the front when they continue what was begun. */
  push(tasks: readonly QueuedTask[], first?: boolean): void;
  close(reason: Error): Promise<void>;
}

interface Thread {
  worker: Worker;
  progress: Int32Array;
  ready: boolean;
  task: QueuedTask | null;
  /** Progress as last seen, and since when. */
  seen: number;
  since: number;
}

/** Reading a body is bounded by its size; a thread that takes longer for it is stuck. */
const READING_MILLISECONDS = 10_000;

/**
 * Starts the threads and waits until they have loaded their rewards.
 *
 * A thread writes the index of the item it is at into shared memory. When that has not moved for the deadline, the thread is ended and a
 * fresh one takes its place; the task hears where it was lost.
 * @throws the error of a thread that cannot load its rewards
 */
export async function startThreads(options: ThreadOptions): Promise<WorkerThreads> {
  const { itemDeadlineMilliseconds: deadline } = options.settings;
  const threads: Thread[] = [];
  const queue: QueuedTask[] = [];
  let names: readonly string[] = [];
  let closed = false;

  const start = (slot: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const progress = new SharedArrayBuffer(4);
      const worker = new Worker(options.program, {
        workerData: { ...options.settings, progress } satisfies WorkerSettings,
        resourceLimits: { maxOldGenerationSizeMb: options.heapMebibytes, maxYoungGenerationSizeMb: 64 },
      });
      const thread: Thread = {
        worker,
        progress: new Int32Array(progress),
        ready: false,
        task: null,
        seen: 0,
        since: 0,
      };
      thread.progress[0] = PHASE.idle;
      threads[slot] = thread;
      let failure: Error | null = null;
      worker.on("message", (answer: WorkerAnswer) => {
        if (answer.is === "stray") {
          options.onStray(answer.message);
          return;
        }
        if (answer.is === "ready") {
          names = answer.names;
          thread.ready = true;
          resolve();
        } else {
          const { task } = thread;
          thread.task = null;
          task?.answered(answer);
        }
        dispatch();
      });
      worker.on("error", (error) => {
        failure = error;
      });
      worker.on("exit", (code) => {
        if (closed) return;
        const reason = failure?.message ?? `the thread ended with code ${code}`;
        if (!thread.ready) reject(failure ?? new Error(reason));
        else replace(slot, `the reward ended its thread: ${reason}`, false);
      });
    });

  /** Puts a fresh thread in a slot and says where the old one was lost. */
  const replace = (slot: number, reason: string, terminate: boolean): void => {
    const thread = threads[slot] as Thread;
    const { task } = thread;
    const at = Atomics.load(thread.progress, 0);
    thread.task = null;
    thread.ready = false;
    thread.worker.removeAllListeners();
    thread.worker.on("error", () => {});
    if (terminate) void thread.worker.terminate();
    options.onRestart(reason);
    // A task that the thread had not begun is not to blame: something left behind by an earlier one is.
    if (task && at === PHASE.idle) queue.unshift(task);
    else task?.lost(at, reason);
    restart(slot);
  };

  /** A thread that cannot start again is tried every second; while none is left, waiting work fails instead of waiting. */
  const restart = (slot: number): void => {
    start(slot).catch((error: Error) => {
      if (closed) return;
      if (!threads.some(({ ready }) => ready)) for (const waiting of queue.splice(0)) waiting.failed(error);
      setTimeout(() => closed || restart(slot), 1000).unref();
    });
  };

  const dispatch = (): void => {
    for (const thread of threads) {
      if (!thread.ready || thread.task) continue;
      let next = queue.shift();
      while (next?.isDropped()) next = queue.shift();
      if (!next) return;
      thread.task = next;
      thread.seen = PHASE.idle;
      thread.since = performance.now();
      thread.worker.postMessage(next.task);
    }
  };

  // A thread past its items only waits for pausing rewards, which end at their own deadline: well after it, it is stuck.
  const allowed = (at: number): number => {
    if (at >= 0) return deadline;
    return at === PHASE.waiting ? deadline * 1.5 + 100 : Math.max(READING_MILLISECONDS, deadline);
  };
  const watch = setInterval(
    () => {
      const now = performance.now();
      threads.forEach((thread, slot) => {
        if (!thread.task) return;
        const at = Atomics.load(thread.progress, 0);
        if (at !== thread.seen) {
          thread.seen = at;
          thread.since = now;
        } else if (now - thread.since > allowed(at)) replace(slot, `the reward took more than ${deadline} ms`, true);
      });
    },
    Math.max(5, deadline / 4),
  );
  watch.unref();

  const end = async (): Promise<void> => {
    closed = true;
    clearInterval(watch);
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  };
  try {
    await Promise.all(Array.from({ length: options.workers }, (_, slot) => start(slot)));
  } catch (error) {
    await end();
    throw error;
  }

  return {
    get names() {
      return names;
    },
    get ready() {
      return !closed && threads.some(({ ready }) => ready);
    },
    push(tasks, first = false) {
      if (first) queue.unshift(...tasks);
      else queue.push(...tasks);
      dispatch();
    },
    async close(reason) {
      closed = true;
      const waiting = [...queue.splice(0), ...threads.flatMap(({ task }) => task ?? [])];
      for (const { failed } of waiting) failed(reason as Error);
      await end();
    },
  };
}
