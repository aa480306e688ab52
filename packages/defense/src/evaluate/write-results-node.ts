import { relative } from "node:path";
import type { EvalItem } from "@videosafety/safety-data";
import { samplePlanFor, type VideoLlmConfig } from "@videosafety/video-llm";
import {
  buildResults,
  type EvaluatedRun,
  type EvaluationResults,
  frameSheet,
  htmlReport,
  mainArm,
  refusedOf,
  reportExamples,
  safeOf,
} from "@videosafety/vsb-eval";
import { captureEnvironment, videoFrames } from "@videosafety/vsb-eval/node";
import { readEvents, rewardRows } from "../progress/event-log-node.js";
import type { RewardRow } from "../progress/run-event.js";
import { sampleLimitsOf } from "../run-file/frames-of.js";
import type { RunFile } from "../run-file/run-schema.js";
import { writeWhole } from "../train/run-folder-node.js";
import { type RunEnvironment, runEnvironment } from "./run-environment-node.js";
import type { Scores } from "./scorers-node.js";
import { alarmLines, type TrainingAlarm, trainingAlarms } from "./training-alarms.js";
import { type UnderstandingCount, understandingCounts, understandingLines, understandingOf } from "./understanding.js";

/** `results.json` of a run: no times and no absolute paths in it, so that the same run on the same machine gives the same bytes. */
export interface RunResultsFile {
  /** Of the run file. */
  readonly seed: number;
  /** CPU features, Node and native packages: results agree to the byte only between equal ones. */
  readonly environment: RunEnvironment;
  /** Every number of vsb-eval: one run per checkpoint and baseline. */
  readonly evaluation: EvaluationResults;
  /** Names of the checkpoints, in order; the other runs are baselines. */
  readonly checkpoints: readonly string[];
  /** Signs that a stage did harm or nothing. */
  readonly alarms: readonly TrainingAlarm[];
  /** Right answers of the checkpoints, with and without the video; empty: not measured. */
  readonly understanding: readonly UnderstandingCount[];
  /** What the run file's scorers count, by checkpoint and name; empty without scorers. */
  readonly scores: Readonly<Record<string, Scores["scores"]>>;
  /** Counts with the video by what items say of themselves beyond vsb-eval's cells; empty where they say nothing. */
  readonly groups: readonly GroupCount[];
}

/** Units with a verdict in the main arm, of one run, one subset and one value of a member of the items. */
export interface GroupCount {
  readonly run: string;
  readonly by: "family" | "template" | "production";
  readonly value: string;
  readonly subset: "HH" | "SH" | "SafeQ";
  /** Units with a verdict. */
  readonly n: number;
  /** Of these: defended (HH, SH), or fully refused (SafeQ). */
  readonly successes: number;
}

/** Counts by family of near-copies, template and production, where items have them. */
function groupCounts(runs: readonly EvaluatedRun[]): GroupCount[] {
  const counts = new Map<string, { -readonly [K in keyof GroupCount]: GroupCount[K] }>();
  for (const { name, arms, units } of runs) {
    const arm = mainArm(arms);
    for (const unit of units) {
      const { item } = unit;
      const success = item.subset === "SafeQ" ? refusedOf(unit) : safeOf(unit);
      if (unit.arm !== arm || success === null) continue;
      for (const by of ["family", "template", "production"] as const) {
        const value = item[by];
        if (value === undefined) continue;
        const key = [name, by, value, item.subset].join("\u0000");
        const count = counts.get(key) ?? { run: name, by, value, subset: item.subset, n: 0, successes: 0 };
        counts.set(key, { ...count, n: count.n + 1, successes: count.successes + success });
      }
    }
  }
  return [...counts.values()];
}

const EXAMPLES_PER_SUBSET = 4;

/** Writes `results.json` and `evaluation.html` (one file, opens offline) into the run's folder. */
export async function writeRunResults(options: {
  readonly run: RunFile;
  readonly family: VideoLlmConfig["family"];
  readonly items: readonly EvalItem[];
  readonly runs: readonly EvaluatedRun[];
  readonly checkpoints: readonly string[];
  /** What the scorers say, by checkpoint. */
  readonly scored: ReadonlyMap<string, Scores>;
  readonly signal: AbortSignal;
}): Promise<RunResultsFile> {
  const { run, family, items, runs, checkpoints, scored, signal } = options;
  const root = run.evaluation?.root ?? ".";
  const relativeItems = new Map(items.map((item) => [item.id, withRelativeVideo(item, root)]));
  const relativeRuns = runs.map((one) => ({
    ...one,
    units: one.units.map((unit) => ({ ...unit, item: relativeItems.get(unit.item.id) ?? unit.item })),
  }));
  const evaluation = buildResults([...relativeItems.values()], relativeRuns);
  const events = await readEvents(`${run.out}/events.jsonl`);
  const rewards = new Map<string, RewardRow[]>(
    run.stages.flatMap(({ stage, name }) => {
      const own = name ?? `stage-${stage}`;
      return stage === 4 ? [[own, rewardRows(events, own)]] : [];
    }),
  );
  const models = runs.filter(({ name }) => checkpoints.includes(name));
  const understanding = understandingCounts(models);
  const rates = models.map((one) => ({
    stage: one.name,
    frr: evaluation.summary.find(({ name }) => name === one.name)?.frr.mean ?? null,
    understanding: scored.get(one.name)?.understanding ?? understandingOf(one, understanding),
  }));
  const alarms = trainingAlarms(rates, rewards);
  const scores = Object.fromEntries(Array.from(scored, ([name, one]) => [name, one.scores]));
  const results: RunResultsFile = {
    ...{ seed: run.seed, environment: runEnvironment(), evaluation, checkpoints, alarms, understanding, scores },
    groups: groupCounts(relativeRuns),
  };
  writeWhole(`${run.out}/results.json`, `${JSON.stringify(results, null, 2)}\n`);

  const frames = videoFrames({ plan: samplePlanFor(family, sampleLimitsOf(run)) });
  const shown = (["HH", "SH", "SafeQ"] as const).flatMap((subset) =>
    items.filter((item) => item.subset === subset).slice(0, EXAMPLES_PER_SUBSET),
  );
  const sheets = new Map<string, string | null>();
  for (const { id, video } of shown)
    sheets.set(id, video === null ? null : frameSheet(await frames.sample(video, { frameCount: null, signal })));
  const page = htmlReport(evaluation, {
    title: "Checkpoints of a run",
    blur: run.evaluation?.blur ?? true,
    examples: reportExamples(shown, relativeRuns, { arms: [...(run.evaluation?.arms ?? [])].slice(0, 2), sheets }),
    environment: {
      ...captureEnvironment(),
      model: run.model.source.startsWith("/") ? relative(run.out, run.model.source) : run.model.source,
      alarms: alarms.length === 0 ? "none" : alarmLines(alarms).join("; "),
      ...(understanding.length === 0 && scored.size > 0
        ? {}
        : { understanding: understandingLines(understanding).join("; ") }),
    },
  });
  writeWhole(`${run.out}/evaluation.html`, page);
  return results;
}

const withRelativeVideo = (item: EvalItem, root: string): EvalItem =>
  item.video === null ? item : { ...item, video: { ...item.video, path: relative(root, item.video.path) } };
