import { join } from "node:path";
import type { EvalItem } from "@videosafety/safety-data";
import type { Json } from "../content-key.js";
import type { ItemFormat } from "../data/load-items-node.js";
import { captureEnvironment } from "../environment-node.js";
import type { Judge } from "../judge/verdict.js";
import { describeServer } from "../openai/chat-completion.js";
import { estimateRun } from "../run/estimate.js";
import { judgeRun } from "../run/judge-run.js";
import { runEvaluation } from "../run/run-evaluation.js";
import { JsonlFileStore } from "../store/jsonl-file-store-node.js";
import { configItems, prepareRun } from "./prepare-run-node.js";
import { queueRun } from "./queue-commands-node.js";
import type { RunConfig } from "./run-config.js";
import { manifestItems, readManifest, writeJson } from "./run-folder-node.js";
import { createProgress, duration, type Terminal } from "./terminal.js";

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
  const { store, evaluation, manifest } = await prepareRun(itemsPath, format, config, signal);
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
