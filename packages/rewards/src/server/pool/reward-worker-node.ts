import { AsyncLocalStorage } from "node:async_hooks";
import { parentPort, workerData } from "node:worker_threads";
import { type BatchScorerOptions, createBatchScorer } from "../../compose/batch-scorer.js";
import { hackingReport } from "../../compose/hacking-report.js";
import type { RowReward } from "../../scores/reward-row.js";
import { type Score, unscorable } from "../../scores/score.js";
import { RequestError } from "../http/request-error.js";
import { type JudgedRequest, parseJson, readRequest } from "../wire/read-request.js";
import { judgedParts } from "./json-parts.js";
import {
  type BodyReference,
  PHASE,
  type WorkerAnswer,
  type WorkerSettings,
  type WorkerTask,
} from "./worker-protocol.js";

// The body of a worker thread: reads bodies, judges runs of their items, and says through shared memory which item it is at.
const settings = workerData as WorkerSettings;
const progress = new Int32Array(settings.progress);
const say = (answer: WorkerAnswer, moved: readonly ArrayBuffer[] = []): void =>
  parentPort?.postMessage(answer, [...moved]);

/** The score that is waited for while a reward runs: what fails in its name later belongs to it and to no other. */
const scores = new AsyncLocalStorage<(reason: string) => void>();
const guard = (score: () => Promise<Score>): Promise<Score> =>
  new Promise((resolve, reject) => {
    scores.run(
      (reason) => resolve(unscorable(reason)),
      () => {
        score().then(resolve, reject);
      },
    );
  });

const module: { rewards?: unknown } = settings.rewardModule === null ? {} : await import(settings.rewardModule);
if (settings.rewardModule !== null && (typeof module.rewards !== "object" || module.rewards === null))
  throw new TypeError(`expected ${settings.rewardModule} to export "rewards", an object of reward functions by name`);
const scorer = createBatchScorer({
  accuracy: settings.accuracy as NonNullable<BatchScorerOptions["accuracy"]>,
  safeCompletion: settings.safeCompletion,
  overlong: settings.overlong,
  rewards: (module.rewards ?? {}) as Record<string, RowReward>,
  itemDeadlineMilliseconds: settings.itemDeadlineMilliseconds,
  guard,
});

/** Parsed bodies by request, oldest first, and requests that were read from them. */
const kept = new Map<number, { readonly length: number; readonly parsed: unknown; request: JudgedRequest | null }>();

function parsedBody(body: BodyReference) {
  const known = kept.get(body.request);
  if (known) return known;
  const entry = {
    length: body.length,
    parsed: parseJson(new Uint8Array(body.bytes, 0, body.length), settings.limits),
    request: null,
  };
  let bytes = body.length;
  for (const { length } of kept.values()) bytes += length;
  for (const [request, { length }] of kept) {
    if (bytes <= settings.keptBytes) break;
    kept.delete(request);
    bytes -= length;
  }
  kept.set(body.request, entry);
  return entry;
}

function requestOf(body: BodyReference, checked: boolean): JudgedRequest {
  const entry = parsedBody(body) as { parsed: unknown; request: JudgedRequest | null };
  entry.request ??= readRequest(body.kind, entry.parsed, scorer.names, settings.limits, checked);
  return entry.request;
}

async function work(task: WorkerTask): Promise<void> {
  if (task.do === "forget") {
    kept.delete(task.request);
    return;
  }
  if (task.do === "prefetch") {
    try {
      parsedBody(task.body);
    } catch {
      // The thread that checks the body says what is wrong with it.
    }
    return;
  }
  Atomics.store(progress, 0, PHASE.reading);
  if (task.do === "open") {
    const { items, rewards, weights, details, diagnostics } = requestOf(task.body, false);
    say({ is: "opened", summary: { items: items.length, rewards, weights: weights ?? null, details, diagnostics } });
    return;
  }
  const request = requestOf(task.body, true);
  if (task.do === "report") {
    const width = request.rewards.length;
    const report = hackingReport({
      items: request.items,
      names: request.rewards,
      ...(request.weights && { weights: request.weights }),
      rewards: request.items.map((_, item) =>
        Array.from(task.values.subarray(item * width, (item + 1) * width), (value) =>
          Number.isNaN(value) ? null : value,
        ),
      ),
    });
    const json = new TextEncoder().encode(JSON.stringify(report));
    say({ is: "reported", json }, [json.buffer]);
    return;
  }
  const { from, to, reason } = task;
  let rows: Score[][];
  if (reason !== null) rows = Array.from({ length: to - from }, () => request.rewards.map(() => unscorable(reason)));
  else {
    const job = {
      items: request.items.slice(from, to),
      rewards: request.rewards,
      compat: request.compat,
      firstProblemType: request.items[0]?.problem_type ?? "",
      completionPrefix: request.completionPrefix,
    };
    const pending = scorer.score(job, (index) => Atomics.store(progress, 0, from + index));
    Atomics.store(progress, 0, PHASE.waiting);
    rows = await pending;
  }
  const { values, json } = judgedParts(request, from, rows);
  say({ is: "judged", values, json }, [values.buffer as ArrayBuffer]);
}

parentPort?.on("message", (task: WorkerTask) => {
  work(task)
    .catch((error: unknown) => {
      const refusal =
        error instanceof RequestError
          ? error
          : new RequestError(
              500,
              "internal",
              `a thread failed: ${error instanceof Error ? error.message : String(error)}`,
            );
      say({ is: "refused", status: refusal.status, error: refusal.body.error });
    })
    .finally(() => Atomics.store(progress, 0, PHASE.idle));
});
// Only now: what fails while the module loads must stop the thread.
for (const event of ["unhandledRejection", "uncaughtException"] as const)
  process.on(event, (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    scores.getStore()?.(`the reward failed after it had returned: ${message}`);
    say({ is: "stray", message: message.slice(0, 500) });
  });
say({ is: "ready", names: scorer.names });
