import { AsyncLocalStorage } from "node:async_hooks";
import { Buffer, isAscii } from "node:buffer";
import { parentPort, workerData } from "node:worker_threads";
import { RequestError } from "@videosafety/endpoint/server";
import { type BatchScorerOptions, createBatchScorer } from "../../compose/batch-scorer.js";
import { hackingReport } from "../../compose/hacking-report.js";
import type { RewardItem } from "../../compose/reward-item.js";
import type { RowReward } from "../../scores/reward-row.js";
import { type Score, unscorable } from "../../scores/score.js";
import { openRequest, readItems } from "../wire/read-request.js";
import { judgedParts } from "./json-parts.js";
import {
  type BodyReference,
  type OpenedBody,
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

const utf8 = new TextDecoder("utf-8", { fatal: true });
/** UTF-8 as a string; plain ASCII, which most bodies are, takes a fifth of the time. */
const decode = (bytes: Uint8Array): string => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isAscii(buffer) ? buffer.toString("latin1") : utf8.decode(bytes);
};

const bytesOf = ({ bytes, length }: BodyReference): Uint8Array => new Uint8Array(bytes, 0, length);

function itemsOf({ body, envelope, ranges }: OpenedBody, from = 0, to = envelope.count): RewardItem[] {
  const places = { ranges: ranges && new Int32Array(ranges) };
  return readItems(bytesOf(body), places, [from, to], settings.limits, decode);
}

async function work(task: WorkerTask): Promise<void> {
  Atomics.store(progress, 0, PHASE.reading);
  if (task.do === "open") {
    const { body } = task;
    const { envelope, ranges } = openRequest(body.kind, bytesOf(body), scorer.names, settings.limits, decode);
    const shared = ranges && new SharedArrayBuffer(ranges.byteLength);
    if (shared) new Int32Array(shared).set(ranges);
    say({ is: "opened", opened: { body, envelope, ranges: shared } });
  } else if (task.do === "report") report(task.opened, task.values);
  else await judge(task.opened, task.from, task.to, task.reason);
}

async function judge(opened: OpenedBody, from: number, to: number, reason: string | null): Promise<void> {
  const { envelope } = opened;
  const items = itemsOf(opened, from, to);
  let rows: Score[][];
  if (reason !== null) rows = items.map(() => envelope.rewards.map(() => unscorable(reason)));
  else {
    const pending = scorer.score({ ...envelope, items }, (index) => Atomics.store(progress, 0, from + index));
    Atomics.store(progress, 0, PHASE.waiting);
    rows = await pending;
  }
  const { values, json } = judgedParts(envelope, items, from, rows);
  say({ is: "judged", values, json }, [values.buffer as ArrayBuffer]);
}

function report(opened: OpenedBody, values: Float64Array): void {
  const { rewards: names, weights } = opened.envelope;
  const items = itemsOf(opened);
  const rewards = items.map((_, item) =>
    Array.from(values.subarray(item * names.length, (item + 1) * names.length), (value) =>
      Number.isNaN(value) ? null : value,
    ),
  );
  const evidence = hackingReport({ items, names, rewards, ...(weights && { weights }) });
  const json = new TextEncoder().encode(JSON.stringify(evidence));
  say({ is: "reported", json }, [json.buffer]);
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
