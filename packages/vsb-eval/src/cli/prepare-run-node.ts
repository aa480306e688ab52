import { resolve } from "node:path";
import type { EvalItem } from "@videosafety/safety-data";
import { parseArm } from "../arms/arm.js";
import { videoFrames } from "../arms/video-frames-node.js";
import { type ItemFormat, loadItems } from "../data/load-items-node.js";
import type { EvaluationOptions } from "../run/evaluation-options.js";
import { JsonlFileStore } from "../store/jsonl-file-store-node.js";
import { openJudge, openResponder } from "./open-models-node.js";
import type { RunConfig } from "./run-config.js";
import type { RunManifest } from "./run-folder-node.js";

/** What `run` and `worker` share: items, model, judge, an open store, and the options of an evaluation. */
export async function prepareRun(itemsPath: string, format: ItemFormat, config: RunConfig, signal: AbortSignal) {
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

/** The items that the flags name; wrong arms are found before anything is opened. */
export async function configItems(itemsPath: string, format: ItemFormat, config: RunConfig): Promise<EvalItem[]> {
  for (const arm of config.arms) parseArm(arm);
  const items = await loadItems(itemsPath, { format });
  return config.limit === undefined ? items : items.slice(0, config.limit);
}
