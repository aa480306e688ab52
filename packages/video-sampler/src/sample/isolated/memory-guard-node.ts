import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

/** How often the memory is looked at. */
const EVERY_MS = 20;
const MARK = "memory-limit-reached";

/**
 * Plain JavaScript of a thread that ends its process as soon as the process and its direct children (an ffmpeg program) hold more
 * memory than allowed. A thread of its own, because a decoder may keep the main one busy for seconds.
 */
const GUARD = `
const { readFileSync, readdirSync, writeFileSync } = require("node:fs");
const { workerData } = require("node:worker_threads");
const pageBytes = 4096;
const childBytes = () => {
  try {
    let bytes = 0;
    for (const task of readdirSync("/proc/self/task"))
      for (const pid of readFileSync("/proc/self/task/" + task + "/children", "utf8").split(" ").filter(Boolean))
        bytes += Number(readFileSync("/proc/" + pid + "/statm", "utf8").split(" ")[1]) * pageBytes;
    return bytes;
  } catch {
    return 0;
  }
};
setInterval(() => {
  if (process.memoryUsage.rss() + childBytes() <= workerData.maxBytes) return;
  writeFileSync(workerData.mark, "");
  process.kill(process.pid, "SIGKILL");
}, workerData.everyMs);
`;

/** Ends this process when it takes more memory than allowed. Call the result to change the bound. */
export function guardMemory(): (maxBytes: number) => Promise<void> {
  let worker: Worker | undefined;
  let bound: number | undefined;
  return async (maxBytes) => {
    if (maxBytes === bound) return;
    await worker?.terminate();
    bound = maxBytes;
    worker = new Worker(GUARD, { eval: true, workerData: { maxBytes, everyMs: EVERY_MS, mark: join(tmpdir(), MARK) } });
    worker.unref();
    await new Promise((resolve) => worker?.once("online", resolve));
  };
}

/** Whether a process whose temporary folder this was ended for its memory. */
export function endedForMemory(temporaryFolder: string): boolean {
  return existsSync(join(temporaryFolder, MARK));
}
