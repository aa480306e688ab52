import { existsSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { stringify } from "yaml";
import type { Command } from "../command/command.js";
import { createProgram, runProgram } from "../command/program-node.js";
import { DefenseError } from "../errors.js";
import type { RunResultsFile } from "../evaluate/write-results-node.js";
import { readEvents } from "../progress/event-log-node.js";
import { loadRunOf } from "../run-file/load-run-file-node.js";
import { resolveStages } from "../run-file/resolve-stages.js";
import type { SweepResults } from "../sweep/sweep-page.js";
import { writeWhole } from "../train/run-folder-node.js";
import { reportPage } from "./report-page.js";
import { runNames } from "./run-names-node.js";

/** `videosafety report run/`. */
export const command: Command = {
  async run(args, terminal) {
    const program = createProgram(
      "report",
      "one page about a run that reads like a paper's experiment section",
      terminal,
    )
      .argument("<run>", "folder of a run that was evaluated")
      .argument("[others...]", "other runs: rows under Ablations")
      .option("--sweep <folder>", "a sweep's folder: its table under Ablations")
      .option("--title <text>", "heading (default: the folder's name)")
      .option("--out <file>", "the page (default: report.html in the run)")
      .action(async (path: string, others: string[], flags: { sweep?: string; title?: string; out?: string }) => {
        const run = await loadRunOf(path);
        const sweep =
          flags.sweep === undefined
            ? null
            : (readJson(join(flags.sweep, "sweep.json"), "videosafety sweep") as SweepResults);
        const page = reportPage({
          title: flags.title ?? `Run ${basename(resolve(path))}`,
          settings: stringify(run, { lineWidth: 0, aliasDuplicateObjects: false }),
          results: resultsOf(run.out),
          events: await readEvents(join(run.out, "events.jsonl")),
          stages: resolveStages(run).map(({ name, stage }) => ({ name, stage })),
          others: new Map(runNames(others).map((name, i) => [name, resultsOf(others[i] as string)])),
          sweep,
        });
        const out = flags.out ?? join(run.out, "report.html");
        writeWhole(out, page);
        terminal.out(`${out}\n`);
      });
    return runProgram(program, args);
  },
};

/** @throws DefenseError `invalid-input` for what is missing, or of another version of this program */
function resultsOf(folder: string): RunResultsFile {
  const path = join(folder, "results.json");
  const maker = `videosafety evaluate ${folder}`;
  const results = readJson(path, maker) as RunResultsFile;
  const lists = ["checkpoints", "alarms", "understanding", "groups"] as const;
  const missing = lists.find((name) => !Array.isArray(results?.[name]));
  const lacks = missing ?? (results.evaluation?.summary === undefined ? "evaluation" : undefined);
  if (lacks !== undefined || typeof results.scores !== "object")
    throw new DefenseError(
      "invalid-input",
      `${path}: expected results with evaluation, scores, ${lists.join(", ")}, found none of ${lacks ?? "scores"}: ${maker} makes them anew`,
    );
  return results;
}

function readJson(path: string, maker: string): unknown {
  if (!existsSync(path))
    throw new DefenseError("invalid-input", `${path}: expected results, found no such file: ${maker} makes it`);
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new DefenseError("invalid-input", `${path}: expected JSON, found a syntax error`, { cause });
  }
}
