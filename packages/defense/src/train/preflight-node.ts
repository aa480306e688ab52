import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { inspectModel, type ModelReport } from "@videosafety/video-llm";
import { doctor } from "@videosafety/video-sampler";
import { DefenseError } from "../errors.js";
import { checkpointHash, checkpointParts } from "../model/open-checkpoint-node.js";
import { checkProviders } from "../model/providers-node.js";
import { type ReadSource, SourceReader } from "../records/read-source-node.js";
import { decoderGroup, type ResolvedStage, resolveStages, trainsVision } from "../run-file/resolve-stages.js";
import type { RunFile } from "../run-file/run-schema.js";
import { type StageItems, sourcesOf, stageItems } from "./stage-items.js";
import { openRewards } from "./stage-rewards-node.js";

/** A run that can start: everything that could be checked without computing was. */
export interface CheckedRun {
  readonly run: RunFile;
  readonly stages: readonly ResolvedStage[];
  readonly sources: readonly ReadSource[];
  readonly items: ReadonlyMap<string, StageItems>;
  readonly modelReport: ModelReport;
  readonly modelHash: string;
  /** Bytes that the run may write at once, estimated, and free bytes where it writes. */
  readonly disk: { readonly needed: number; readonly free: number };
  /** What is doubtful, in sentences. */
  readonly warnings: readonly string[];
}

/**
 * Checks a run before hours are spent: stages, records, media, labels, rewards, providers, decoder, model, disk.
 *
 * @throws DefenseError naming the first thing that is wrong; what `inspectModel` throws for the model
 */
export async function checkRun(run: RunFile, signal: AbortSignal): Promise<CheckedRun> {
  const stages = resolveStages(run);
  await checkProviders(run.model.providers);
  const warnings: string[] = [];
  if (stages.some(({ stage }) => stage === 4)) warnings.push(...(await openRewards(run.rewards)).warnings);
  const sources = await readSources(run, stages, signal);
  const items = new Map(stages.map((stage) => [stage.name, stageItems(stage, sources)]));
  if ([...items.values()].some(({ drawn }) => drawn.some(({ media }) => media.length > 0))) await checkDecoder();
  const { base, adapter } = await checkpointParts(run.model.source, run.model.adapter);
  const hub = { signal, ...(run.model.revision === undefined ? {} : { revision: run.model.revision }) };
  const modelReport = await inspectModel(base, hub);
  const modelHash = await checkpointHash(adapter === undefined ? [base] : [base, adapter], hub);
  const disk = await checkDisk(run, stages, items, modelReport);
  for (const { name, skipped } of sources)
    if (skipped.length > 0)
      warnings.push(
        `data.${name}: ${skipped.length} records skipped; the first, line ${skipped[0]?.place.line}: ${skipped[0]?.reason}`,
      );
  for (const stage of stages)
    if (trainsVision(stage)) warnings.push(`${stage.name} trains vision: features are not kept on disk`);
  return { run, stages, sources, items, modelReport, modelHash, disk, warnings };
}

/** Reads every source. @throws DefenseError `invalid-run-file` where stages want different turns of conversations */
async function readSources(run: RunFile, stages: readonly ResolvedStage[], signal: AbortSignal): Promise<ReadSource[]> {
  const reader = new SourceReader();
  const turns = new Set(stages.flatMap((stage) => (stage.stage === 4 ? [] : [stage.turns])));
  if (turns.size > 1)
    throw new DefenseError("invalid-run-file", "stages: expected the same turns in every stage, found every and last");
  const [which = "every"] = turns;
  const read: ReadSource[] = [];
  for (const [name, source] of Object.entries(run.data))
    read.push(await reader.read(name, source, { turns: which, signal }));
  for (const stage of stages) sourcesOf(stage, read);
  return read;
}

async function checkDecoder(): Promise<void> {
  const backends = await doctor();
  if (backends.some(({ usable }) => usable)) return;
  throw new DefenseError(
    "no-decoder",
    `expected node-av or ffmpeg to read videos, found neither (${backends.map(({ backend, detail }) => `${backend}: ${detail}`).join("; ")}); npm install node-av`,
  );
}

/** What trainable tensors of a run take, roughly, in bytes of float32. */
function trainableBytes(run: RunFile, { config, memory }: ModelReport): number {
  if (decoderGroup(run) === "llm") return memory.weights.float32;
  const rank = run.model.lora?.rank ?? 16;
  const perLayer = 4 * 2 * config.hiddenSize + 3 * (config.hiddenSize + config.intermediateSize);
  return 4 * rank * perLayer * config.layers;
}

/** Checkpoints hold the weights and two moments; one more is complete before the oldest goes. */
async function checkDisk(
  run: RunFile,
  stages: readonly ResolvedStage[],
  items: CheckedRun["items"],
  report: ModelReport,
): Promise<CheckedRun["disk"]> {
  const trained = trainableBytes(run, report);
  const checkpoints = ({ name, config }: ResolvedStage): number => {
    const made = Math.ceil((items.get(name)?.totalSteps ?? 0) / (config.saveSteps ?? run.saveSteps));
    return Math.min(made, (config.saveTotalLimit ?? Number.POSITIVE_INFINITY) + 1);
  };
  const needed = stages.reduce((sum, stage) => sum + trained * (1 + 3 * checkpoints(stage)), 0);
  const free = await freeBytes(run.out);
  if (free < needed)
    throw new DefenseError(
      "disk-full",
      `${run.out}: expected about ${gigabytes(needed)} free for checkpoints and models, found ${gigabytes(free)}; free some, lower saveTotalLimit, or take another out`,
    );
  return { needed, free };
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;

async function freeBytes(path: string): Promise<number> {
  for (let folder = path; ; folder = dirname(folder)) {
    const found = await statfs(folder).catch(() => null);
    if (found !== null) return found.bavail * found.bsize;
    if (folder === dirname(folder)) return Number.POSITIVE_INFINITY;
  }
}
