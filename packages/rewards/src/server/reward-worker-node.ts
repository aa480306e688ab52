import { parentPort, workerData } from "node:worker_threads";
import { type BatchScorerOptions, createBatchScorer } from "../compose/batch-scorer.js";
import type { RowReward } from "../scores/reward-row.js";
import type { Score } from "../scores/score.js";
import {
  type ChunkAnswer,
  type ChunkRequest,
  PHASE,
  type WorkerReady,
  type WorkerSettings,
} from "./worker-protocol.js";

// The body of a worker thread: judges one chunk after the other and says, through shared memory, which item it is at.
const settings = workerData as WorkerSettings;
const progress = new Int32Array(settings.progress);
const module: { rewards?: unknown } = settings.rewardModule === null ? {} : await import(settings.rewardModule);
if (settings.rewardModule !== null && (typeof module.rewards !== "object" || module.rewards === null))
  throw new TypeError(`expected ${settings.rewardModule} to export "rewards", an object of reward functions by name`);
const scorer = createBatchScorer({
  accuracy: settings.accuracy as NonNullable<BatchScorerOptions["accuracy"]>,
  overlong: settings.overlong,
  rewards: (module.rewards ?? {}) as Record<string, RowReward>,
  itemDeadlineMilliseconds: settings.itemDeadlineMilliseconds,
});

parentPort?.on("message", async ({ chunk, job, details }: ChunkRequest) => {
  const pending = scorer.score(job, (index) => Atomics.store(progress, 0, index));
  Atomics.store(progress, 0, PHASE.waiting);
  const rows = await pending;
  const values = new Float64Array(rows.length * job.rewards.length);
  const scores = new Map<number, Score>();
  rows.flat().forEach((score, position) => {
    values[position] = score.value ?? Number.NaN;
    if (details || score.value === null) scores.set(position, score);
  });
  Atomics.store(progress, 0, PHASE.idle);
  parentPort?.postMessage({ chunk, values, scores } satisfies ChunkAnswer, [values.buffer]);
});
parentPort?.postMessage({ names: scorer.names } satisfies WorkerReady);
