export {
  type EndedUnit,
  openRunQueue,
  type QueueCounts,
  type QueueOptions,
  queueNameOf,
  type RunQueue,
  type UnitJob,
} from "./queue/bull-queue-node.js";
export { type QueueWorker, startWorker, type WorkerOptions } from "./queue/queue-worker-node.js";
export type { RedisOptions } from "./queue/redis-link-node.js";
