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
import { judgeRun } from "../run/judge-run.js";
import type { Responder } from "../run/responder.js";
import { runEvaluation } from "../run/run-evaluation.js";
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

/** `vsb-eval run`: asks, judges, and leaves a run folder; asking again resumes. */
export async function runCommand(
  itemsPath: string,
  format: ItemFormat,
  config: RunConfig,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  for (const arm of config.arms) parseArm(arm);
  const all = await loadItems(itemsPath, { format });
  const items = config.limit === undefined ? all : all.slice(0, config.limit);
  if (config.dryRun) return printEstimate(items, config, terminal);
  const responder = await openResponder(config);
  const judge = await openJudge(config);
  const store = await JsonlFileStore.open(config.out);
  const progress = createProgress(terminal);
  try {
    const server = config.baseUrl === undefined ? {} : await describeServer({ baseUrl: config.baseUrl });
    const started = performance.now();
    const counts: Record<string, number> = {};
    const manifest: Omit<RunManifest, "run"> = {
      name: config.name ?? config.model ?? responder.id,
      seed: config.seed,
      responder: responder.id,
      judge: judge?.id ?? null,
      arms: config.arms,
      epochs: config.epochs,
      items: resolve(itemsPath),
      format,
      root: resolve(config.root),
      limit: config.limit ?? null,
    };
    const { seed, temperature, maxNewTokens, maxRetries, timeout, arms, epochs } = config;
    const events = runEvaluation({
      items,
      responder,
      arms,
      judge,
      store,
      sampling: videoFrames({ root: config.root }),
      generation: { seed, temperature, maxNewTokens },
      epochs,
      concurrency: { max: config.maxConcurrency },
      judgeConcurrency: { max: config.maxConcurrency },
      retry: { maxRetries, timeoutSeconds: timeout },
      signal,
    });
    for await (const event of events) {
      if (event.type === "start") await writeJson(join(config.out, "run.json"), { ...manifest, run: event.run });
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
