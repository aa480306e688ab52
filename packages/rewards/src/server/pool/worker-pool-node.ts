import type { SharedBody } from "@videosafety/endpoint/server";
import { ClosingError, OverloadedError, RequestError } from "@videosafety/endpoint/server";
import type { RequestEnvelope, RequestKind } from "../wire/read-request.js";
import type { BodyReference, JsonParts, OpenedBody, WorkerAnswer } from "./worker-protocol.js";
import { type QueuedTask, startThreads, type ThreadOptions } from "./worker-threads-node.js";

/** How a pool is started. */
export interface WorkerPoolOptions extends Omit<ThreadOptions, "program"> {
  /** Most items that wait or run at a time. */
  readonly maxQueuedItems: number;
  /** Program of a thread; default: the built one beside this file. */
  readonly program?: URL;
}

/** A judged request: what was asked, its numbers, and the answer's JSON in parts, each a run of items, in order. */
export interface JudgedBody {
  readonly envelope: RequestEnvelope;
  /** [items x rewards], row-major; NaN = unscorable. */
  readonly values: Float64Array;
  readonly parts: readonly JsonParts[];
  /** Reward-hacking evidence, when it was asked for. */
  readonly diagnostics: Uint8Array | null;
}

/** Threads that read and judge bodies. */
export interface WorkerPool {
  /** Names of the rewards they know. */
  readonly names: readonly string[];
  /** Whether a thread is there to judge. */
  readonly ready: boolean;
  /** Items waiting or running. */
  readonly queuedItems: number;
  /** Reads and judges a body, its items spread over the threads. @throws RequestError; OverloadedError when too much is waiting */
  judge(kind: RequestKind, body: SharedBody, signal: AbortSignal): Promise<JudgedBody>;
  /** Ends the threads; work under way is rejected. */
  close(): Promise<void>;
}

/**
 * Starts the threads and waits until they have loaded their rewards. Nothing of a body is parsed or written in the event loop.
 *
 * An item over which a thread is lost becomes unscorable; the other items of its run are judged again by a fresh thread, and nothing else
 * is touched. A run that dies without naming an item is halved until the item is found.
 * @throws the error of a thread that cannot load its rewards
 */
export async function createWorkerPool(options: WorkerPoolOptions): Promise<WorkerPool> {
  const program = options.program ?? new URL("./reward-worker-node.js", import.meta.url);
  const threads = await startThreads({ ...options, program });
  let queuedItems = 0;
  let closed = false;

  /** One task that is not about items: lost with its thread. */
  const once = (
    task: QueuedTask["task"],
    signal: AbortSignal,
    lost: (reason: string) => Error,
  ): Promise<WorkerAnswer> =>
    new Promise((resolve, reject) => {
      threads.push([
        {
          task,
          isDropped: () => signal.aborted,
          answered: (answer) => (answer.is === "refused" ? reject(refusal(answer)) : resolve(answer)),
          lost: (_, reason) => reject(lost(reason)),
          failed: reject,
        },
      ]);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  const tooHeavy = (reason: string): Error =>
    new RequestError(413, "too_large", `a thread could not read the body (${reason}): send fewer items at a time`);

  const report = async (opened: OpenedBody, values: Float64Array, signal: AbortSignal): Promise<Uint8Array | null> => {
    if (!opened.envelope.diagnostics) return null;
    const answer = await once({ do: "report", opened, values }, signal, tooHeavy);
    return answer.is === "reported" ? answer.json : null;
  };

  const judgeItems = (opened: OpenedBody, signal: AbortSignal) =>
    new Promise<Pick<JudgedBody, "values" | "parts">>((resolve, reject) => {
      const { count, rewards } = opened.envelope;
      const width = rewards.length;
      const values = new Float64Array(count * width);
      const parts = new Map<number, JsonParts>();
      let left = count;
      let failed = false;
      let wrong: { from: number; error: RequestError | null } = { from: Infinity, error: null };
      const fail = (error: unknown): void => {
        failed = true;
        reject(error);
      };
      signal.addEventListener("abort", () => fail(signal.reason), { once: true });
      const run = (from: number, to: number, reason: string | null = null, again = false): QueuedTask => ({
        task: { do: "judge", opened, from, to, reason },
        isDropped: () => failed,
        answered: (answer) => {
          if (answer.is === "judged") {
            values.set(answer.values, from * width);
            parts.set(from, answer.json);
          } else if (answer.is !== "refused") return fail(new Error(`expected judged items, found ${answer.is}`));
          else if (from < wrong.from) wrong = { from, error: refusal(answer) };
          left -= to - from;
          if (left > 0) return undefined;
          // Whichever thread was first: the first item that is wrong is the one that is named.
          if (wrong.error) return fail(wrong.error);
          return resolve({ values, parts: [...parts].sort(([a], [b]) => a - b).map(([, json]) => json) });
        },
        lost: (at, lostReason) => {
          const middle = (from + to) >> 1;
          if (at < 0 && to - from > 1) return threads.push([run(from, middle), run(middle, to)], true);
          // The thread may have died of what another request left behind: one item is blamed at the second time only.
          if (at < 0 && !again) return threads.push([run(from, to, null, true)], true);
          const guilty = at < 0 ? from : at;
          const rest = [run(from, guilty), run(guilty, guilty + 1, lostReason), run(guilty + 1, to)];
          return threads.push(
            rest.filter(({ task }) => task.do === "judge" && task.to > task.from),
            true,
          );
        },
        failed: fail,
      });
      const size = Math.min(256, Math.max(8, Math.ceil(count / (options.workers * 2))));
      threads.push(
        Array.from({ length: Math.ceil(count / size) }, (_, i) => run(i * size, Math.min(count, (i + 1) * size))),
      );
    });

  return {
    get names() {
      return threads.names;
    },
    get ready() {
      return threads.ready;
    },
    get queuedItems() {
      return queuedItems;
    },
    async judge(kind, { bytes, length }, signal) {
      if (closed) throw new ClosingError();
      signal.throwIfAborted();
      const body: BodyReference = { kind, bytes, length };
      const answer = await once({ do: "open", body }, signal, tooHeavy);
      if (answer.is !== "opened") throw new Error(`expected an opened body, found ${answer.is}`);
      const { opened } = answer;
      const { envelope } = opened;
      if (queuedItems + envelope.count > options.maxQueuedItems)
        throw new OverloadedError(
          `expected at most ${options.maxQueuedItems} waiting items, found ${queuedItems} and ${envelope.count} more: try again later`,
        );
      queuedItems += envelope.count;
      try {
        const judged =
          envelope.count === 0 ? { values: new Float64Array(0), parts: [] } : await judgeItems(opened, signal);
        return { envelope, ...judged, diagnostics: await report(opened, judged.values, signal) };
      } finally {
        queuedItems -= envelope.count;
      }
    },
    async close() {
      closed = true;
      await threads.close(new ClosingError());
    },
  };
}

function refusal({ status, error }: Extract<WorkerAnswer, { readonly is: "refused" }>): RequestError {
  return new RequestError(status, error.code, error.message, error.issues);
}
