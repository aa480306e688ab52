#!/usr/bin/env node
import { existsSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { SHIPPED_BASE } from "sign-world";
import { DEMO_CONFIG, type PipelineConfig, QUICK_CONFIG } from "./pipeline-config.js";
import { describeFailure, UsageError } from "./pipeline-error.js";
import { ProgressView } from "./progress-view-node.js";
import { resultsTable } from "./results-table.js";
import { RunFolder } from "./run-folder-node.js";
import { runPipeline } from "./run-pipeline-node.js";

interface Flags {
  readonly seed: number;
  readonly out?: string;
  readonly stages: readonly number[];
  readonly base: string;
  readonly resume: boolean;
  readonly json: boolean;
  readonly quick: boolean;
}

function parseSeed(text: string): number {
  const seed = Number(text);
  if (!Number.isInteger(seed) || seed < 0) throw new InvalidArgumentError("expected a whole number of at least 0");
  return seed;
}

function parseStages(text: string): number[] {
  const stages = text === "" || text === "none" ? [] : text.split(",").map(Number);
  if (!stages.every((stage, i) => stage === i + 1 && stage <= 4)) {
    throw new InvalidArgumentError("expected none, 1, 1,2, 1,2,3 or 1,2,3,4: a stage stands on the ones before it");
  }
  return stages;
}

/** The first folder name of a series that is not taken. */
function freeFolder(base: string): string {
  for (let i = 1; ; i += 1) {
    const name = i === 1 ? base : `${base}-${i}`;
    if (!existsSync(name)) return name;
  }
}

/** The newest folder of a series. */
function newestFolder(base: string): string {
  let newest = base;
  for (let i = 2; existsSync(`${base}-${i}`); i += 1) newest = `${base}-${i}`;
  return newest;
}

async function run(flags: Flags): Promise<void> {
  const preset = flags.quick ? QUICK_CONFIG : DEMO_CONFIG;
  const config: PipelineConfig = { ...preset, seed: flags.seed };
  const base = `demo-runs/seed-${flags.seed}${flags.quick ? "-quick" : ""}`;
  const path = flags.out ?? (flags.resume ? newestFolder(base) : freeFolder(base));
  const folder = RunFolder.open(path, config, flags.resume);
  const abort = new AbortController();
  const onInterrupt = (): void => abort.abort(new Error(`interrupted: continue with --resume --out ${path}`));
  process.once("SIGINT", onInterrupt);
  process.once("SIGTERM", onInterrupt);
  const view = new ProgressView(process.stderr);
  process.stderr.write(`VideoSafety-R1 on real video, seed ${flags.seed}; everything is kept in ${path}\n`);
  for await (const event of runPipeline({
    config,
    folder,
    stages: flags.stages,
    base: flags.base,
    signal: abort.signal,
  })) {
    view.show(event);
    if (event.type !== "results") continue;
    const { results } = event;
    if (flags.json)
      process.stdout.write(`${JSON.stringify({ folder: path, ...results })}
`);
    else {
      const files = `report: ${folder.file("report.html")}
numbers: ${folder.file("results.json")}`;
      process.stdout.write(`
${resultsTable(results)}

${files}
`);
    }
  }
}

const program = new Command("defense-pipeline")
  .description(
    "Trains a small Video LLM, whose refusals were lost in visual tuning, through the four stages of VideoSafety-R1 and measures each.",
  )
  .option("--seed <n>", "seed of clips, questions, training order and rollouts", parseSeed, 1)
  .option("--out <folder>", "where everything of the run is kept (default: a new folder below demo-runs/)")
  .option("--stages <list>", "stages to run: none, 1, 1,2, 1,2,3 or 1,2,3,4", parseStages, [1, 2, 3, 4])
  .option("--base <folder>", "checkpoint to start from", SHIPPED_BASE)
  .option("--resume", "continue a run that was stopped", false)
  .option("--json", "print the result as JSON", false)
  .option("--quick", "a shortened run: shows that everything works, not what it achieves", false)
  .allowExcessArguments(false)
  .exitOverride()
  .action(run);

try {
  const handedOn: unknown = JSON.parse(process.env.VIDEOSAFETY_ARGUMENTS ?? "[]");
  const argumentsGiven = Array.isArray(handedOn) ? handedOn.map(String) : [];
  await program.parseAsync([...process.argv.slice(2), ...argumentsGiven], { from: "user" });
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    process.stderr.write(`\n${describeFailure(error)}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
