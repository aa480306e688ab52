export {
  enqueueRun,
  type QueueCounts,
  type QueueOptions,
  type QueueWorker,
  queueCounts,
  startWorker,
  type WorkerOptions,
} from "./queue/bull-queue-node.js";
