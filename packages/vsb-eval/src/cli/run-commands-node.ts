import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { EvalItem } from "@videosafety/safety-data";
import { parseArm } from "../arms/arm.js";
import { videoFrames } from "../arms/video-frames-node.js";
import type { Json } from "../content-key.js";
import { type ItemFormat, loadItems } from "../data/load-items-node.js";
import { captureEnvironment } from "../environment-node.js";
import { VsbEvalError } from "../errors.js";
import { createDigitJudge } from "../judge/digit-judge.js";
import { createLlmJudge } from "../judge/llm-judge.js";
import { createRuleJudge } from "../judge/rule-judge.js";
import type { Judge } from "../judge/verdict.js";
import { describeServer } from "../openai/chat-completion.js";
import { createOpenAiResponder } from "../openai/openai-responder.js";
import { estimateRun } from "../run/estimate.js";
import type { EvaluationOptions } from "../run/evaluation-options.js";
import { judgeRun } from "../run/judge-run.js";
import type { Responder } from "../run/responder.js";
import { runEvaluation } from "../run/run-evaluation.js";
import { mergeInto } from "../store/evaluation-store.js";
import { JsonlFileStore } from "../store/jsonl-file-store-node.js";
import type { RunConfig } from "./run-config.js";
import { manifestItems, type RunManifest, readManifest, writeJson } from "./run-folder-node.js";
import { createProgress, duration, type Terminal } from "./terminal.js";

/** The responder that the flags name: a module, or a server. */
async function openResponder(config: RunConfig): Promise<Responder> {
  if (config.responder !== undefined) {
    const module = (await import(pathToFileURL(resolve(config.responder)).href)) as { default?: unknown };
    const made = typeof module.default === "function" ? await module.default() : module.default;
    if (typeof (made as Responder | undefined)?.respond === "function") return made as Responder;
    throw new VsbEvalError(
      "invalid_input",
      `expected a Responder as default export of ${config.responder}, found none`,
    );
  }
  const { baseUrl, model, revision } = config;
  if (baseUrl === undefined || model === undefined) {
    throw new VsbEvalError("invalid_input", "expected --responder, or --base-url and --model, found neither");
  }
  const apiKey = process.env[config.apiKeyEnv];
  return createOpenAiResponder({ baseUrl, model, revision, ...(apiKey === undefined ? {} : { apiKey }) });
}

/** The judge that the flags name; null for none. */
export async function openJudge(
  config: Pick<RunConfig, "judge" | "judgeBaseUrl" | "judgeModel" | "judgeRevision" | "apiKeyEnv"> & {
    readonly baseUrl?: string | undefined;
  },
): Promise<Judge | null> {
  if (config.judge === "none") return null;
  if (config.judge === "rules") return createRuleJudge();
  const baseUrl = config.judgeBaseUrl ?? config.baseUrl;
  if (baseUrl === undefined || config.judgeModel === undefined) {
    throw new VsbEvalError("invalid_input", `expected --judge-base-url and --judge-model for judge ${config.judge}`);
  }
  const apiKey = process.env[config.apiKeyEnv];
  const options = {
    baseUrl,
    model: config.judgeModel,
    revision: config.judgeRevision,
    ...(apiKey === undefined ? {} : { apiKey }),
  };
  return config.judge === "llm" ? createLlmJudge(options) : createDigitJudge(options);
}

function printEstimate(items: readonly EvalItem[], config: RunConfig, terminal: Terminal): void {
  const estimate = estimateRun(items, config.arms, {
    epochs: config.epochs,
    promptPrice: config.promptPrice,
    completionPrice: config.completionPrice,
    secondsPerRequest: config.secondsPerRequest,
    concurrency: config.maxConcurrency,
  });
  const arms = Object.entries(estimate.requestsByArm).map(([arm, n]) => `${arm} ${n}`);
  terminal.out(
    `${estimate.requests} requests (${arms.join(", ")})\n` +
      `about ${estimate.promptTokens} prompt and at most ${estimate.completionTokens} generated tokens, cost ${estimate.cost.toFixed(2)}\n` +
      `about ${duration(estimate.seconds)} at ${config.maxConcurrency} in flight\n`,
  );
}

/** What `run` and `worker` share: items, model, judge, an open store, and the options of an evaluation. */
async function prepare(itemsPath: string, format: ItemFormat, config: RunConfig, signal: AbortSignal) {
  const items = await configItems(itemsPath, format, config);
  const responder = await openResponder(config);
  const judge = await openJudge(config);
  const store = await JsonlFileStore.open(config.out);
  const { seed, temperature, maxNewTokens, maxRetries, timeout, arms, epochs, maxConcurrency } = config;
  const evaluation: EvaluationOptions = {
    items,
    responder,
    arms,
    judge,
    store,
    sampling: videoFrames({ root: config.root }),
    generation: { seed, temperature, maxNewTokens },
    epochs,
    concurrency: { max: maxConcurrency },
    judgeConcurrency: { max: maxConcurrency },
    retry: { maxRetries, timeoutSeconds: timeout },
    signal,
  };
  const manifest = (run: string): RunManifest => ({
    name: config.name ?? config.model ?? responder.id,
    seed,
    responder: responder.id,
    run,
    judge: judge?.id ?? null,
    arms,
    epochs,
    items: resolve(itemsPath),
    format,
    root: resolve(config.root),
    limit: config.limit ?? null,
  });
  return { store, evaluation, manifest };
}

async function configItems(itemsPath: string, format: ItemFormat, config: RunConfig): Promise<EvalItem[]> {
  for (const arm of config.arms) parseArm(arm);
  const items = await loadItems(itemsPath, { format });
  return config.limit === undefined ? items : items.slice(0, config.limit);
}

/** `vsb-eval run`: asks, judges, and leaves a run folder; asking again resumes. With `--queue`, workers ask. */
export async function runCommand(
  itemsPath: string,
  format: ItemFormat,
  config: RunConfig,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  if (config.dryRun) return printEstimate(await configItems(itemsPath, format, config), config, terminal);
  if (config.queue !== undefined) {
    return queueRun(await configItems(itemsPath, format, config), config.queue, config, terminal, signal);
  }
  const { store, evaluation, manifest } = await prepare(itemsPath, format, config, signal);
  const progress = createProgress(terminal);
  try {
    const server = config.baseUrl === undefined ? {} : await describeServer({ baseUrl: config.baseUrl });
    const started = performance.now();
    const counts: Record<string, number> = {};
    for await (const event of runEvaluation(evaluation)) {
      if (event.type === "start") await writeJson(join(config.out, "run.json"), manifest(event.run));
      if (event.type === "response") counts[event.record.outcome] = (counts[event.record.outcome] ?? 0) + 1;
      if (event.type === "progress") {
        const failures = Object.entries(counts).filter(([outcome]) => outcome !== "answered");
        const note = failures.map(([outcome, n]) => `, ${n} ${outcome}`).join("");
        progress.update(event.done, event.total, `${note}, ${event.concurrency} in flight`);
      }
    }
    const extra: Record<string, Json> = { ...server, seconds: Math.round((performance.now() - started) / 1000) };
    await writeJson(join(config.out, "environment.json"), captureEnvironment(extra));
    terminal.out(
      `${config.out}: ${Object.entries(counts)
        .map(([outcome, n]) => `${n} ${outcome}`)
        .join(", ")}\n`,
    );
  } finally {
    progress.end();
    await store.close();
  }
}

/** Puts the units on a queue and watches until workers have done them. bullmq is loaded only here and in `worker`. */
async function queueRun(
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
  const { store, evaluation, manifest } = await prepare(itemsPath, format, config, new AbortController().signal);
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

/** `vsb-eval judge`: judges a run folder's answers again, with another judge or after failures. */
export async function judgeCommand(
  folder: string,
  judge: Judge,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const manifest = await readManifest(folder);
  const items = await manifestItems(manifest);
  const store = await JsonlFileStore.open(folder);
  const progress = createProgress(terminal);
  let failed = 0;
  let done = 0;
  try {
    for await (const event of judgeRun({ store, run: manifest.run, items, judge, signal })) {
      if (event.record.verdict === null) failed++;
      done = event.done;
      progress.update(event.done, event.total, failed === 0 ? "" : `, ${failed} failed`);
    }
    await writeJson(join(folder, "run.json"), { ...manifest, judge: judge.id });
    terminal.out(`${folder}: ${done} judged by ${judge.id}, ${failed} failed\n`);
  } finally {
    progress.end();
    await store.close();
  }
}
