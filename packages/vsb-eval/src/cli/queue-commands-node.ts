import type { EvalItem } from "@videosafety/safety-data";
import { videoFrames } from "../arms/video-frames-node.js";
import type { EvalConfig } from "../config/eval-config.js";
import { openResponder } from "../config/open-models-node.js";
import type { RunFlags } from "../config/run-flags.js";
import { VsbEvalError } from "../errors.js";
import type { QueueCounts, RunQueue } from "../queue/bull-queue-node.js";
import type { RedisOptions } from "../queue/redis-link-node.js";
import type { Outcome } from "../run/records/outcome.js";
import { runId } from "../run/records/record-keys.js";
import { DEFAULT_GENERATION } from "../run/responder.js";
import { runProgress } from "../run/run-progress.js";
import { mergeInto } from "../store/evaluation-store.js";
import { JsonlFileStore, readStore } from "../store/jsonl-file-store-node.js";
import { EXIT } from "./exit-codes.js";
import { OutcomeTally } from "./outcome-tally.js";
import { configItems, openModel, resolveConfig } from "./resolve-config-node.js";
import { addRun, manifestItems, readManifest, writeManifest } from "./run-folder-node.js";
import { mergeEntry, type RunEntry } from "./run-manifest.js";
import { createProgress, type Terminal, visibleTerminal } from "./terminal.js";

type QueueFlags = Pick<RunFlags, "queuePasswordEnv" | "queueDeadline" | "queueName"> & { readonly queue: string };

/** Where the queue is. A password in the address would stand in the process list, so it is taken from a variable only. */
function redisOptions(flags: QueueFlags, signal: AbortSignal): RedisOptions {
  const { queue: url, queuePasswordEnv, queueDeadline } = flags;
  if (/\/\/[^/@]*:[^/@]+@/.test(url))
    throw new VsbEvalError(
      "invalid_input",
      "--queue: expected an address without a password, which process lists would show: put it into REDIS_PASSWORD, or a variable that --queue-password-env names",
    );
  const password = process.env[queuePasswordEnv ?? "REDIS_PASSWORD"];
  if (queuePasswordEnv !== undefined && password === undefined)
    throw new VsbEvalError("invalid_input", `expected the queue's password in ${queuePasswordEnv}, found none: set it`);
  return {
    url,
    signal,
    ...(password === undefined ? {} : { password }),
    ...(queueDeadline === undefined ? {} : { deadlineSeconds: queueDeadline }),
  };
}

function onlyModel(config: EvalConfig) {
  const [model] = config.models;
  if (model === undefined || config.models.length > 1)
    throw new VsbEvalError(
      "invalid_input",
      `expected one model with a queue, found ${config.models.length}: run them one by one`,
    );
  return model;
}

/** Waits until every unit has ended. Jobs that others put on the queue do not count. */
async function watch(queue: RunQueue, total: number, terminal: Terminal, signal: AbortSignal): Promise<OutcomeTally> {
  const progress = createProgress(terminal);
  try {
    for (;;) {
      signal.throwIfAborted();
      const { completed, failed, active }: QueueCounts = await queue.counts();
      progress.update(Math.min(completed + failed, total), total, `, ${failed} failed, ${active} active`);
      if (completed + failed >= total) {
        const ended = await queue.ended();
        if (ended.length >= total) {
          const tally = new OutcomeTally();
          for (const { outcome, error } of ended)
            tally.response(outcome === "failed" ? "error" : (outcome as Outcome), error);
          return tally;
        }
      }
      await new Promise((wake) => setTimeout(wake, 1000));
    }
  } finally {
    progress.end();
  }
}

/** Puts the units on the run's queue and watches until workers have done them. bullmq is loaded only here and in `worker`. */
export async function queueRun(
  items: readonly EvalItem[],
  config: EvalConfig,
  flags: QueueFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const responder = await openResponder(onlyModel(config));
  const generation = { ...DEFAULT_GENERATION, ...config.generation };
  const { parameters: sampling } = videoFrames({ root: config.root });
  const run = await runId({ responder: responder.id, generation, sampling });
  const { openRunQueue } = await import("../queue/bull-queue-node.js");
  const queue = await openRunQueue({ ...redisOptions(flags, signal), queue: flags.queueName ?? "vsb-eval", run });
  const shown = visibleTerminal(terminal);
  try {
    const total = await queue.enqueue({ items, arms: config.arms, epochs: config.epochs });
    const tally = await watch(queue, total, terminal, signal);
    shown.out(`${total} units ended: ${tally.summary()}; now: vsb-eval merge ${config.out} <the workers' folders>\n`);
    shown.err(tally.topFailures());
    const failure = tally.verdict(config.failOnError);
    if (failure !== null) shown.err(`${failure}\n`);
    return failure === null ? EXIT.ok : EXIT.failed;
  } finally {
    await queue.close();
  }
}

/** `vsb-eval worker`: takes units from a run's queue until Ctrl-C, into a folder of its own. */
export async function workerCommand(
  path: string,
  flags: RunFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const { queue: url, queueName: queue = "vsb-eval" } = flags;
  if (url === undefined) throw new VsbEvalError("invalid_input", "expected --queue redis://..., found none");
  const config = await resolveConfig(path, flags);
  const model = onlyModel(config);
  const redis = redisOptions({ ...flags, queue: url }, signal);
  const { startWorker } = await import("../queue/queue-worker-node.js");
  const store = await JsonlFileStore.open(config.out);
  try {
    // Jobs in hand are finished when the worker is told to stop, so that the evaluation has a signal of its own.
    const own = new AbortController().signal;
    const { evaluation, entry } = await openModel(config, model, {
      items: await configItems(config),
      store,
      signal: own,
    });
    const worker = await startWorker({ ...redis, queue, evaluation, concurrency: model.maxConcurrency });
    await addRun(config.out, entry(worker.run));
    visibleTerminal(terminal).err(
      `working on ${queue} into ${config.out}; Ctrl-C finishes what is in hand and stops\n`,
    );
    const stopped = new Promise<void>((stop) => {
      if (signal.aborted) stop();
      signal.addEventListener("abort", () => stop(), { once: true });
    });
    try {
      await Promise.race([stopped, worker.failed]);
    } finally {
      await worker.close();
    }
    return EXIT.ok;
  } finally {
    await store.close();
  }
}

/** `vsb-eval merge`: workers' folders into one run folder; what is there already is not added again. */
export async function mergeCommand(out: string, folders: readonly string[], terminal: Terminal): Promise<number> {
  let entries: RunEntry[] = [];
  const before = await readManifest(out).catch((error: unknown) => {
    if (error instanceof VsbEvalError && /found none at/.test(error.message)) return [];
    throw error;
  });
  for (const entry of before) entries = mergeEntry(entries, entry);
  for (const folder of folders) for (const entry of await readManifest(folder)) entries = mergeEntry(entries, entry);
  const target = await JsonlFileStore.open(out);
  try {
    for (const folder of folders) {
      const added = await mergeInto(target, await readStore(folder));
      terminal.out(`${folder}: ${added} records\n`);
    }
    await writeManifest(out, entries);
    let code: number = EXIT.ok;
    for (const entry of entries) {
      const { planned, reached, outcomes, foreign, allFailed } = runProgress(target, entry.run, {
        ...entry,
        items: await manifestItems(entry),
      });
      const counts = Object.entries(outcomes).map(([outcome, n]) => `, ${n} ${outcome}`);
      const others = foreign === 0 ? "" : `, ${foreign} of other items or arms`;
      terminal.out(`${out}: ${entry.name}: ${reached} of ${planned} units${counts.join("")}${others}\n`);
      if (allFailed) code = EXIT.failed;
    }
    return code;
  } finally {
    await target.close();
  }
}
