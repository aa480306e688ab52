import { resolve } from "node:path";
import type { EvalItem } from "@videosafety/safety-data";
import { parseArm } from "../arms/arm.js";
import { videoFrames } from "../arms/video-frames-node.js";
import { applyFlags } from "../config/apply-flags.js";
import type { EvalConfig, JudgeConfig, ModelConfig } from "../config/eval-config.js";
import { checkConfig, isConfigPath, loadConfig } from "../config/load-config-node.js";
import { openJudge, openResponder } from "../config/open-models-node.js";
import type { RunFlags } from "../config/run-flags.js";
import { loadItems } from "../data/load-items-node.js";
import { VsbEvalError } from "../errors.js";
import { parseGate } from "../gate/gate.js";
import type { Judge } from "../judge/verdict.js";
import type { EvaluationOptions } from "../run/evaluation-options.js";
import type { Responder } from "../run/responder.js";
import type { RetryOptions } from "../run/scheduling/attempt.js";
import type { EvaluationStore } from "../store/evaluation-store.js";
import type { RunEntry } from "./run-manifest.js";

/** What flags have to say when there is no configuration. */
function requireFlags({ out, responder, baseUrl, model }: RunFlags): void {
  const usage = (message: string): VsbEvalError => new VsbEvalError("invalid_input", message);
  if (out === undefined)
    throw usage("expected --out <folder>, found none: name the run folder, or a configuration (.yaml)");
  if (responder !== undefined || (baseUrl !== undefined && model !== undefined)) return;
  const found = baseUrl !== undefined ? "only --base-url" : model !== undefined ? "only --model" : "neither";
  throw usage(`expected --responder, or --base-url and --model, found ${found}`);
}

/** The configuration of a command: a file with flags over it, or flags alone. Arms and gates are read before anything starts. */
export async function resolveConfig(path: string, flags: RunFlags): Promise<EvalConfig> {
  const file = isConfigPath(path);
  if (!file) requireFlags(flags);
  const raw = file ? await loadConfig(path) : { items: path };
  const config = checkConfig(applyFlags(raw, flags), file ? path : "flags");
  for (const arm of config.arms) parseArm(arm);
  for (const gate of config.gates) parseGate(gate);
  return config;
}

/** The items of a configuration. */
export async function configItems({ items: path, format, limit }: EvalConfig): Promise<EvalItem[]> {
  const items = await loadItems(path, { format });
  return limit === undefined ? items : items.slice(0, limit);
}

const bounds = (from: { maxRetries: number; timeoutSeconds: number; maxWaitSeconds: number }): RetryOptions => ({
  maxRetries: from.maxRetries,
  timeoutSeconds: from.timeoutSeconds,
  maxWaitSeconds: from.maxWaitSeconds,
});

/** Retries and places of a judge; a vote's are those of its first member. */
export function judgeBounds(
  judge: JudgeConfig | undefined,
): Pick<EvaluationOptions, "judgeRetry" | "judgeConcurrency"> {
  const one = judge?.kind === "vote" ? judge.judges[0] : judge;
  if (one === undefined || one.kind === "rules") return {};
  return { judgeRetry: bounds(one), judgeConcurrency: { max: one.maxConcurrency } };
}

/** One model of a configuration, opened. */
export interface OpenedModel {
  /** The model. */
  readonly responder: Responder;
  /** The judges, in the configuration's order. */
  readonly judges: readonly Judge[];
  /** What an evaluation needs. */
  readonly evaluation: EvaluationOptions;
  /** The entry for run.json. */
  entry(run: string): RunEntry;
}

/** Opens one model of a configuration over items and a store. */
export async function openModel(
  config: EvalConfig,
  model: ModelConfig,
  context: { readonly items: readonly EvalItem[]; readonly store: EvaluationStore; readonly signal: AbortSignal },
): Promise<OpenedModel> {
  const responder = await openResponder(model);
  const judges = await Promise.all(config.judges.map(openJudge));
  const { arms, epochs, generation, truncated, comprehension, judgeThink } = config;
  const evaluation: EvaluationOptions = {
    ...context,
    responder,
    arms,
    epochs,
    generation,
    truncated,
    comprehension,
    judgeThink,
    judge: judges[0] ?? null,
    sampling: videoFrames({ root: config.root }),
    concurrency: { max: model.maxConcurrency },
    retry: bounds(model),
    ...judgeBounds(config.judges[0]),
  };
  const name = model.name ?? ("model" in model ? model.model : responder.id);
  return {
    responder,
    judges,
    evaluation,
    entry: (run) => ({
      name,
      seed: generation.seed,
      responder: responder.id,
      run,
      judge: judges[0]?.id ?? null,
      judges: judges.map(({ id }) => id),
      arms,
      epochs,
      items: resolve(config.items),
      format: config.format,
      root: resolve(config.root),
      limit: config.limit ?? null,
      truncated,
      asked: { generation, models: [model], judges: config.judges },
    }),
  };
}
