#!/usr/bin/env node
import { existsSync } from "node:fs";
import { join } from "node:path";
import { EXIT, type Terminal, videosafety } from "@videosafety/defense";
import { createProgress } from "@videosafety/vsb-eval/pages";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { SHIPPED_BASE } from "sign-world";
import { DEMO_SETTINGS, QUICK_SETTINGS } from "./demo-settings.js";
import { describeFailure } from "./describe-failure.js";
import { OtherRunError, placeRunFile, writeWorld } from "./write-world-node.js";

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
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError("expected a whole number of at least 0");
}

function parseStages(text: string): number[] {
  const stages = text === "" || text === "none" ? [] : text.split(",").map(Number);
  if (stages.every((stage, i) => stage === i + 1 && stage <= 4)) return stages;
  throw new InvalidArgumentError("expected none, 1, 1,2, 1,2,3 or 1,2,3,4: a stage stands on the ones before it");
}

/** The first folder name of a series that is not taken, or with `taken` the last that is. */
function folderOf(series: string, taken: boolean): string {
  let i = 1;
  const name = (of: number): string => (of === 1 ? series : `${series}-${of}`);
  while (existsSync(name(i))) i += 1;
  return name(taken ? Math.max(1, i - 1) : i);
}

const terminal: Terminal = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  interactive: process.stderr.isTTY === true,
  columns: () => process.stderr.columns ?? 80,
};

/** The world's files, then three commands of `videosafety`, which leave everything in the folder. @returns an exit code */
async function run(flags: Flags): Promise<number> {
  const { seed, stages, base, resume, json, quick } = flags;
  const folder = flags.out ?? folderOf(`demo-runs/seed-${seed}${quick ? "-quick" : ""}`, resume);
  const demo = { folder, seed, base, settings: quick ? QUICK_SETTINGS : DEMO_SETTINGS };
  const file = await placeRunFile(demo, resume);
  const abort = new AbortController();
  const onInterrupt = (): void => abort.abort(new Error(`interrupted: continue with --resume --out ${folder}`));
  process.once("SIGINT", onInterrupt);
  process.once("SIGTERM", onInterrupt);
  terminal.err(`VideoSafety-R1 on real video, seed ${seed}; everything is kept in ${folder}\n`);
  const line = createProgress(terminal);
  const onProgress = (done: number, total: number): void => line.update(done, total, ", making the benchmark");
  const made = await writeWorld(demo, { signal: abort.signal, onProgress }).catch((error: unknown) => {
    line.end();
    if (!abort.signal.aborted) throw error;
    terminal.err(`${describeFailure(abort.signal.reason)}\n`);
    return null;
  });
  if (made === null) return EXIT.interrupted;
  line.end();
  terminal.err(`${made.clips} H.264 clips, ${made.records} records in 10 languages\n`);

  const quiet: Terminal = { ...terminal, out: () => {} };
  const results = json ? collecting(terminal, (text) => ({ folder, ...JSON.parse(text) })) : terminal;
  const commands: readonly (readonly [Terminal, readonly string[]])[] = [
    ...(stages.length === 0 ? [] : [[quiet, ["train", file, "--stages", stages.join(","), "--resume"]] as const]),
    [
      results,
      ["evaluate", file, ...(stages.length === 0 ? ["--checkpoints", "base"] : []), ...(json ? ["--json"] : [])],
    ],
    [quiet, ["report", file, "--title", `VideoSafety-R1's stages on the sign world, seed ${seed}`]],
  ];
  for (const [shown, command] of commands) {
    const code = await videosafety(command, shown, abort.signal);
    if (code !== EXIT.ok) return code;
  }
  terminal.err(`the whole story: ${join(folder, "report.html")}\n`);
  return EXIT.ok;
}

/** A terminal whose results are one JSON text that is shown with more members. */
function collecting(shown: Terminal, more: (text: string) => unknown): Terminal {
  return { ...shown, out: (text) => shown.out(`${JSON.stringify(more(text))}\n`) };
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
  .action(async (flags: Flags) => {
    process.exitCode = await run(flags);
  });

try {
  const handedOn: unknown = JSON.parse(process.env.VIDEOSAFETY_ARGUMENTS ?? "[]");
  const argumentsGiven = Array.isArray(handedOn) ? handedOn.map(String) : [];
  await program.parseAsync([...process.argv.slice(2), ...argumentsGiven], { from: "user" });
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  else {
    terminal.err(`\n${describeFailure(error)}\n`);
    process.exitCode = error instanceof OtherRunError ? EXIT.usage : EXIT.failed;
  }
}
