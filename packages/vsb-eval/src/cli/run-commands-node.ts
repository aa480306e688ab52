import type { EvalItem } from "@videosafety/safety-data";
import { withJudges } from "../config/apply-flags.js";
import { type EvalConfig, evalConfigSchema, type ModelConfig } from "../config/eval-config.js";
import { checkConfig } from "../config/load-config-node.js";
import { openEndpoint, openJudge } from "../config/open-models-node.js";
import type { JudgeFlags, RunFlags } from "../config/run-flags.js";
import type { Json } from "../content-key.js";
import { captureEnvironment } from "../environment-node.js";
import { VsbEvalError } from "../errors.js";
import type { Judge } from "../judge/verdict.js";
import { describeServer } from "../openai/chat-completion.js";
import { estimateRun } from "../run/estimate.js";
import { judgeRun } from "../run/judge-run.js";
import type { Outcome } from "../run/records/outcome.js";
import { runEvaluation } from "../run/run-evaluation.js";
import { JsonlFileStore } from "../store/jsonl-file-store-node.js";
import { EXIT } from "./exit-codes.js";
import { OutcomeTally } from "./outcome-tally.js";
import { queueRun } from "./queue-commands-node.js";
import { gateCommand } from "./report-commands-node.js";
import { configItems, judgeBounds, openModel, resolveConfig } from "./resolve-config-node.js";
import { addEnvironment, addRun, manifestItems, readManifest, setJudge } from "./run-folder-node.js";
import type { RunEntry } from "./run-manifest.js";
import { createProgress, duration, type Progress, type Terminal, visibleTerminal } from "./terminal.js";

/** Outcomes that `retry` may ask again. */
export const RETRIED = ["error", "blocked", "truncated", "judge_failed"] as const satisfies readonly Outcome[];

function printEstimate(items: readonly EvalItem[], config: EvalConfig, flags: RunFlags, terminal: Terminal): void {
  const { promptPrice = 0, completionPrice = 0, secondsPerRequest = 2 } = flags;
  const concurrency = Math.max(...config.models.map(({ maxConcurrency }) => maxConcurrency));
  const prices = { promptPrice, completionPrice, secondsPerRequest, concurrency };
  const estimate = estimateRun(items, config.arms, { epochs: config.epochs, ...prices });
  const arms = Object.entries(estimate.requestsByArm).map(([arm, n]) => `${arm} ${n}`);
  const each = config.models.length === 1 ? "" : ` for each of ${config.models.length} models`;
  terminal.out(
    `${estimate.requests} requests (${arms.join(", ")})${each}\n` +
      `about ${estimate.promptTokens} prompt and at most ${estimate.completionTokens} generated tokens, cost ${estimate.cost.toFixed(2)}\n` +
      `about ${duration(estimate.seconds)} at ${concurrency} in flight\n`,
  );
}

/** `vsb-eval run`: asks, judges, and leaves a run folder; asking again resumes. With `--queue`, workers ask. */
export async function runCommand(
  path: string,
  flags: RunFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const config = await resolveConfig(path, flags);
  const items = await configItems(config);
  if (flags.dryRun === true) {
    printEstimate(items, config, flags, terminal);
    return EXIT.ok;
  }
  if (flags.queue !== undefined) return queueRun(items, config, { ...flags, queue: flags.queue }, terminal, signal);
  return evaluateAll(config, items, {}, terminal, signal);
}

/** What `retry` asks again. */
interface Again {
  readonly retryOutcomes?: readonly Outcome[];
}

async function evaluateAll(
  config: EvalConfig,
  items: readonly EvalItem[],
  again: Again,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const store = await JsonlFileStore.open(config.out);
  let code: number = EXIT.ok;
  try {
    for (const model of config.models) {
      const failure = await evaluateModel(config, model, { items, store, signal }, again, terminal).catch(
        (error: unknown) => {
          // A wrong key of one model is no reason not to ask the others.
          if (config.models.length === 1 || !(error instanceof VsbEvalError) || error.code !== "fatal_responder")
            throw error;
          visibleTerminal(terminal).err(`${error.message}\n`);
          return error.message;
        },
      );
      if (failure !== null) code = EXIT.failed;
    }
  } finally {
    await store.close();
  }
  if (config.gates.length === 0) return code;
  const holds = await gateCommand([config.out], config.gates, {}, terminal);
  return code !== EXIT.ok ? code : holds ? EXIT.ok : EXIT.notMet;
}

/** Asks one model and judges it with every judge; returns why that has failed, or null. */
async function evaluateModel(
  config: EvalConfig,
  model: ModelConfig,
  context: { readonly items: readonly EvalItem[]; readonly store: JsonlFileStore; readonly signal: AbortSignal },
  again: Again,
  terminal: Terminal,
): Promise<string | null> {
  const { out } = config;
  const { evaluation, judges, entry } = await openModel(config, model, context);
  const server: Record<string, Json> = "responder" in model ? {} : await describeServer(openEndpoint(model));
  const progress = createProgress(terminal);
  const tally = new OutcomeTally();
  const started = performance.now();
  const ended = new Map<string, Outcome>();
  let run = "";
  let verdicts = 0;
  try {
    for await (const event of runEvaluation({ ...evaluation, ...again })) {
      if (event.type === "start") {
        run = event.run;
        await addRun(out, entry(run));
      }
      if (event.type === "response") {
        ended.set(JSON.stringify(event.unit), event.record.outcome);
        tally.response(event.record.outcome, event.record.error);
      }
      if (event.type === "verdict" && event.record.verdict !== null) verdicts++;
      else if (event.type === "verdict")
        tally.judgeFailed(ended.get(JSON.stringify(event.unit)) ?? "answered", event.record.error);
      if (event.type === "progress")
        progress.update(event.done, event.total, `${tally.note()}, ${event.concurrency} in flight`);
    }
  } catch (error) {
    progress.say(`${entry(run).name}: ${tally.summary()}, then it stopped; what is done is kept`);
    throw error;
  } finally {
    progress.end();
    if (run !== "" && verdicts > 0) await setJudge(out, run, judges[0]?.id as string);
  }
  const seconds = Math.round((performance.now() - started) / 1000);
  await addEnvironment(out, run, captureEnvironment({ ...server, seconds }));
  const { name } = entry(run);
  const shown = visibleTerminal(terminal);
  shown.out(`${out}: ${name}: ${tally.summary()}\n`);
  shown.err(tally.topFailures());
  let failure = tally.verdict(config.failOnError);
  if (failure !== null) shown.err(`${name}: ${failure}\n`);
  for (const [i, judge] of judges.entries()) {
    if (i === 0) continue;
    const other = await judgeWith(out, entry(run), context, { judge, at: i, config }, terminal);
    failure ??= other;
  }
  return failure;
}

/** Judges a run's answers with one more judge; returns why that has failed, or null. */
async function judgeWith(
  folder: string,
  entry: Pick<RunEntry, "run" | "name" | "truncated">,
  context: { readonly items: readonly EvalItem[]; readonly store: JsonlFileStore; readonly signal: AbortSignal },
  by: { readonly judge: Judge; readonly at: number; readonly config: Pick<EvalConfig, "judges" | "failOnError"> },
  terminal: Terminal,
): Promise<string | null> {
  const { judge, at, config } = by;
  const { judgeRetry, judgeConcurrency } = judgeBounds(config.judges[at]);
  const progress: Progress = createProgress(terminal);
  const tally = new OutcomeTally();
  const options = {
    ...context,
    run: entry.run,
    truncated: entry.truncated,
    judge,
    ...(judgeRetry === undefined ? {} : { retry: judgeRetry }),
    ...(judgeConcurrency === undefined ? {} : { concurrency: judgeConcurrency }),
  };
  let done = 0;
  try {
    for await (const event of judgeRun(options)) {
      tally.response("answered");
      if (event.record.verdict === null) tally.judgeFailed("answered", event.record.error);
      done = event.done;
      progress.update(event.done, event.total, tally.note());
    }
  } finally {
    progress.end();
  }
  const shown = visibleTerminal(terminal);
  shown.out(`${folder}: ${entry.name}: ${done - tally.failed} judged by ${judge.id}, ${tally.failed} failed\n`);
  shown.err(tally.topFailures());
  const failure = tally.verdict(config.failOnError);
  if (failure !== null) shown.err(`${judge.id}: ${failure}\n`);
  return failure;
}

/** `vsb-eval judge`: judges every run of a folder again, with another judge or after failures. */
export async function judgeCommand(
  folder: string,
  flags: JudgeFlags & { readonly failOnError?: number | undefined },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const entries = await readManifest(folder);
  const { failOnError, ...judging } = flags;
  const store = await JsonlFileStore.open(folder);
  let code: number = EXIT.ok;
  try {
    for (const entry of entries) {
      const model = entry.asked?.models[0];
      const server = model !== undefined && "baseUrl" in model ? model : null;
      const wanted = withJudges(entry.asked?.judges ?? [{ kind: "rules" }], server, judging);
      const parsed = evalConfigSchema.shape.judges.safeParse(wanted);
      if (!parsed.success) checkConfig({ items: "-", out: "-", models: [{ responder: "-" }], judges: wanted }, "flags");
      const judges = parsed.data ?? [];
      if (judges.length === 0) throw new VsbEvalError("invalid_input", "expected a judge other than none");
      const items = await manifestItems(entry);
      for (const [at, config] of judges.entries()) {
        const judge = await openJudge(config);
        const context = { items, store, signal };
        const by = { judge, at, config: { judges, failOnError } };
        const failure = await judgeWith(folder, entry, context, by, terminal);
        if (failure !== null) code = EXIT.failed;
        // A judge that failed throughout takes nothing away.
        const counts = [...store.units(entry.run)].some(
          ({ response }) => (store.verdict(judge.id, response)?.verdict ?? null) !== null,
        );
        if (at === 0 && counts) await setJudge(folder, entry.run, judge.id);
      }
    }
  } finally {
    await store.close();
  }
  return code;
}

/** `vsb-eval retry`: asks units again that ended in one of some outcomes; the former answer stays until the new one is there. */
export async function retryCommand(
  folder: string,
  options: { readonly outcome: string; readonly failOnError?: number | undefined },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const outcomes = options.outcome.split(",").map((name) => name.trim());
  const wrong = outcomes.find((name) => !(RETRIED as readonly string[]).includes(name));
  if (wrong !== undefined)
    throw new VsbEvalError("invalid_input", `expected outcomes of ${RETRIED.join(", ")}, found "${wrong}"`);
  let code: number = EXIT.ok;
  for (const entry of await readManifest(folder)) {
    if (entry.asked === null)
      throw new VsbEvalError(
        "invalid_input",
        `expected to know how run ${entry.run} was asked, found nothing: use run again`,
      );
    const { items, format, root, arms, epochs, limit, truncated, asked } = entry;
    const raw = {
      ...asked,
      items,
      format,
      root,
      arms,
      epochs,
      truncated,
      out: folder,
      failOnError: options.failOnError,
    };
    const config = checkConfig({ ...raw, ...(limit === null ? {} : { limit }) }, folder);
    const retryOutcomes = outcomes as Outcome[];
    const one = await evaluateAll(config, await configItems(config), { retryOutcomes }, terminal, signal);
    if (one !== EXIT.ok) code = one;
  }
  return code;
}
