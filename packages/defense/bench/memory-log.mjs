// Preloaded into each process of a soak (NODE_OPTIONS=--import): writes its memory as JSON Lines to SOAK_MEMORY_FOLDER/PID.jsonl every
// SOAK_MEMORY_SECONDS. Every tenth line is taken after a full garbage collection, so that what is kept can be told from what is not yet swept.
import { appendFileSync, readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { isMainThread } from "node:worker_threads";

const folder = process.env.SOAK_MEMORY_FOLDER;
if (folder && isMainThread) {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  setFlagsFromString("--no-expose-gc");
  const mebibytes = (bytes) => Math.round((bytes / 2 ** 20) * 10) / 10;
  let lines = 0;
  const write = () => {
    const collected = lines++ % 10 === 0;
    if (collected) collect();
    const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
    const anonymous = Number(/^Anonymous:\s+(\d+)/m.exec(readFileSync("/proc/self/smaps_rollup", "utf8"))?.[1]) * 1024;
    const sizes = { rss, anonymous, heapUsed, heapTotal, external, arrayBuffers };
    const line = { pid: process.pid, at: Date.now(), collected };
    for (const [name, bytes] of Object.entries(sizes)) line[`${name}MiB`] = mebibytes(bytes);
    appendFileSync(`${folder}/${process.pid}.jsonl`, `${JSON.stringify(line)}\n`);
  };
  setInterval(write, Number(process.env.SOAK_MEMORY_SECONDS ?? 60) * 1000).unref();
}
