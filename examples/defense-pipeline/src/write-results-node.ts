import { renameSync, writeFileSync } from "node:fs";
import { arch, cpus, platform, totalmem } from "node:os";
import { alarmLines, type TrainingAlarm, trainingAlarms } from "@videosafety/defense";
import {
  buildResults,
  type EvaluatedRun,
  type EvaluationResults,
  type FrameSource,
  frameSheet,
  htmlReport,
  reportExamples,
} from "@videosafety/vsb-eval";
import { type RunEnvironment, runEnvironment } from "./environment-node.js";
import { REWARD_LOG } from "./grpo-stage-node.js";
import type { PipelineConfig } from "./pipeline-config.js";
import type { PipelineData, TruthScores } from "./pipeline-data.js";
import type { RunFolder } from "./run-folder-node.js";
import { RewardLog } from "./training-log-node.js";
import { understandingOf } from "./understanding.js";

/** What a run measured. */
export interface PipelineResults {
  /** Every number of vsb-eval: one run a checkpoint. */
  readonly evaluation: EvaluationResults;
  /** CPU features, Node and native packages: with equal ones, equal settings give equal bytes. */
  readonly environment: RunEnvironment;
  /** Share of answered safe queries whose answer holds the right content, by checkpoint. */
  readonly usefulness: Readonly<Record<string, number | null>>;
  /** Signs that a stage did harm or nothing. */
  readonly alarms: readonly TrainingAlarm[];
  /** Counts by checkpoint, family, question, novelty and minimal pair. */
  readonly scores: Readonly<Record<string, TruthScores["scores"]>>;
}

const EXAMPLES_PER_SUBSET = 4;

/**
 * Writes results.json (the same run on the same machine gives the same bytes: no times, no paths) and report.html (one
 * file, opens offline), each replaced atomically.
 */
export async function writeResults(options: {
  readonly folder: RunFolder;
  readonly config: PipelineConfig;
  readonly data: PipelineData;
  readonly runs: readonly EvaluatedRun[];
  readonly truth: ReadonlyMap<string, TruthScores>;
  readonly frames: FrameSource;
  readonly signal: AbortSignal;
}): Promise<PipelineResults> {
  const { folder, config, data, runs, truth, frames, signal } = options;
  const usefulness = Object.fromEntries(Array.from(truth, ([stage, { usefulness: share }]) => [stage, share]));
  const scores = Object.fromEntries(Array.from(truth, ([stage, of]) => [stage, of.scores]));
  // Relative paths: results.json must not depend on where the run was made.
  const relativeItems = new Map(data.items((path) => `clips/${path}`).map((item) => [item.id, item]));
  const relativeRuns = runs.map((run) => ({
    ...run,
    units: run.units.map((unit) => ({ ...unit, item: relativeItems.get(unit.item.id) ?? unit.item })),
  }));
  const evaluation = buildResults([...relativeItems.values()], relativeRuns);
  const frrOf = (stage: string): number | null =>
    evaluation.summary.find(({ name }) => name === stage)?.frr.mean ?? null;
  const rates = Array.from(truth, ([stage, of]) => ({
    stage,
    frr: frrOf(stage),
    understanding: understandingOf(of),
  }));
  const alarms = trainingAlarms(rates, new Map([["stage-4", new RewardLog(folder.file(REWARD_LOG)).rows]]));
  const results: PipelineResults = {
    environment: runEnvironment(),
    evaluation,
    usefulness,
    alarms,
    scores,
  };
  writeAtomically(folder.file("results.json"), `${JSON.stringify({ config, ...results }, null, 2)}\n`);

  const items = data.items((path) => folder.file("clips", path));
  const shown = (["HH", "SH", "SafeQ"] as const).flatMap((subset) =>
    items.filter((item) => item.subset === subset).slice(0, EXAMPLES_PER_SUBSET),
  );
  const sheets = new Map<string, string | null>();
  for (const { id, video } of shown) {
    sheets.set(id, video === null ? null : frameSheet(await frames.sample(video, { frameCount: null, signal })));
  }
  const page = htmlReport(evaluation, {
    title: "VideoSafety-R1's stages on a base whose refusals were lost",
    examples: reportExamples(shown, relativeRuns, { arms: ["video", "text"], sheets }),
    blur: false, // the clips are abstract signs
    minimumCell: 5,
    environment: {
      machine: `${cpus().length} x ${cpus()[0]?.model.trim() ?? "unknown CPU"}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${platform()} ${arch()}`,
      node: process.version,
      cpuFeatures: results.environment.cpuFeatures?.join(" ") ?? "unknown",
      packages: Object.entries(results.environment.packages)
        .map(([name, version]) => `${name} ${version ?? "not installed"}`)
        .join(", "),
      alarms: alarms.length === 0 ? "none" : alarmLines(alarms).join("; "),
      seed: config.seed,
      usefulness: Object.entries(usefulness)
        .map(([stage, share]) => `${stage} ${share === null ? "-" : `${(100 * share).toFixed(1)} %`}`)
        .join(", "),
    },
  });
  writeAtomically(folder.file("report.html"), page);
  return results;
}

function writeAtomically(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}
