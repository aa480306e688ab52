import { join } from "node:path";
import type { EvalItem } from "@videosafety/safety-data";
import type { ItemFormat } from "../data/load-items-node.js";
import { VsbEvalError } from "../errors.js";
import { mergeInto } from "../store/evaluation-store.js";
import { JsonlFileStore } from "../store/jsonl-file-store-node.js";
import { prepareRun } from "./prepare-run-node.js";
import type { RunConfig } from "./run-config.js";
import { readManifest, writeJson } from "./run-folder-node.js";
import { createProgress, type Terminal } from "./terminal.js";

/** Puts the units on a queue and watches until workers have done them. bullmq is loaded only here and in `worker`. */
export async function queueRun(
  items: readonly EvalItem[],
  url: string,
  config: RunConfig,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const { enqueueRun, queueCounts } = await import("../queue/bull-queue-node.js");
  const { arms, epochs, queueName: queue } = config;
  const total = await enqueueRun({ url, queue, items, arms, epochs });
  const progress = createProgress(terminal);
  for (;;) {
    const { completed, failed, active } = await queueCounts({ url, queue });
    progress.update(completed + failed, total, `, ${failed} failed, ${active} active`);
    if (completed + failed >= total) break;
    signal.throwIfAborted();
    await new Promise((wake) => setTimeout(wake, 1000));
  }
  progress.end();
  terminal.out(`${total} units done; now: vsb-eval merge ${config.out} <the workers' folders>\n`);
}

/** `vsb-eval worker`: takes units from a queue until Ctrl-C, into a folder of its own. */
export async function workerCommand(
  itemsPath: string,
  format: ItemFormat,
  config: RunConfig,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const { queue: url, queueName: queue, out, maxConcurrency: concurrency } = config;
  if (url === undefined) throw new VsbEvalError("invalid_input", "expected --queue redis://..., found none");
  const { startWorker } = await import("../queue/bull-queue-node.js");
  const { store, evaluation, manifest } = await prepareRun(itemsPath, format, config, new AbortController().signal);
  try {
    const worker = await startWorker({ url, queue, evaluation, concurrency });
    await writeJson(join(out, "run.json"), manifest(worker.run));
    terminal.err(`working on ${queue} into ${out}; Ctrl-C finishes what is in hand and stops\n`);
    await new Promise<void>((stop) => {
      if (signal.aborted) stop();
      signal.addEventListener("abort", () => stop(), { once: true });
    });
    await worker.close();
  } finally {
    await store.close();
  }
}

/** `vsb-eval merge`: workers' folders into one run folder; what is there already is not added again. */
export async function mergeCommand(out: string, folders: readonly string[], terminal: Terminal): Promise<void> {
  const target = await JsonlFileStore.open(out);
  try {
    for (const folder of folders) {
      const source = await JsonlFileStore.open(folder);
      const added = await mergeInto(target, source).finally(() => source.close());
      terminal.out(`${folder}: ${added} records\n`);
    }
    await writeJson(join(out, "run.json"), await readManifest(folders[0] as string));
  } finally {
    await target.close();
  }
}
