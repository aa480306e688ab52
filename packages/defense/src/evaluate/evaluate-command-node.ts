import { join } from "node:path";
import { inspectModel } from "@videosafety/video-llm";
import { checkGates, type EvaluatedRun, parseGate, terminalTable } from "@videosafety/vsb-eval";
import { createProgress, type Progress } from "@videosafety/vsb-eval/pages";
import { type Command, EXIT } from "../command/command.js";
import { collect } from "../command/option-readers.js";
import { createProgram, runProgram } from "../command/program-node.js";
import { checkpointParts } from "../model/open-checkpoint-node.js";
import { loadRunOf, type RunFlags } from "../run-file/load-run-file-node.js";
import { resolveStages } from "../run-file/resolve-stages.js";
import { evaluateRun, openEvaluation } from "./evaluate-run-node.js";
import { runCheckpoints } from "./run-checkpoints-node.js";
import { runSummary } from "./run-summary.js";
import { scoreTable } from "./score-table.js";
import { openScorers, type Scores } from "./scorers-node.js";
import { alarmLines } from "./training-alarms.js";
import { understandingLines } from "./understanding.js";
import { writeRunResults } from "./write-results-node.js";

interface Flags extends RunFlags {
  readonly checkpoints?: string;
  readonly json: boolean;
}

/** `videosafety evaluate run.yaml`. */
export const command: Command = {
  async run(args, terminal, signal) {
    let held = true;
    const program = createProgram(
      "evaluate",
      "ask every checkpoint of a run the held-out items, under every arm",
      terminal,
    )
      .argument("<run>", "run file, or folder of a run")
      .option("--set <path=value>", "put a value over the file's, e.g. evaluation.limit=20 (repeatable)", collect, [])
      .option("--out <folder>", "folder of the run, instead of the file's")
      .option("--checkpoints <names>", "only these, comma-separated, e.g. base,stage-4 (default: all)")
      .option("--json", "print results.json on standard output", false)
      .action(async (path: string, flags: Flags) => {
        const run = await loadRunOf(path, flags);
        const checkpoints = runCheckpoints(run, resolveStages(run), flags.checkpoints?.split(",") ?? null);
        const gates = (run.evaluation?.gates ?? []).map(parseGate);
        const opened = await openEvaluation(run);
        const scorers = run.evaluation?.scorers ?? [];
        const score = await openScorers(scorers);
        const { base } = await checkpointParts(run.model.source, run.model.adapter);
        const { family } = await inspectModel(
          base,
          run.model.revision === undefined ? {} : { revision: run.model.revision },
        );
        const runs: EvaluatedRun[] = [];
        const scored = new Map<string, Scores>();
        let line: Progress | null = null;
        let asked = "";
        for await (const event of evaluateRun(run, checkpoints, opened, signal)) {
          if (event.type === "evaluated") {
            const { name, units } = event.run;
            runs.push(event.run);
            line?.end();
            line = null;
            terminal.err(`${name}: ${runSummary(event.run)}\n`);
            if (event.checkpoint && scorers.length > 0)
              scored.set(name, await score({ name, units: [...units, ...event.probes], run }));
            continue;
          }
          if (line === null || asked !== event.name) {
            line?.end();
            line = createProgress(terminal);
            asked = event.name;
          }
          line.update(event.done, event.total, `, ${event.name}`);
        }
        const names = checkpoints.map(({ name }) => name);
        const { items } = opened;
        const results = await writeRunResults({ run, family, items, runs, checkpoints: names, scored, signal });
        if (flags.json) terminal.out(`${JSON.stringify(results, null, 2)}\n`);
        else {
          terminal.out(`${terminalTable(results.evaluation)}\n`);
          const table = scoreTable(results.scores);
          if (table !== "") terminal.out(`${table}\n\n`);
          if (scorers.length === 0 || results.understanding.length > 0)
            for (const line of understandingLines(results.understanding)) terminal.out(`right answers: ${line}\n`);
          for (const line of alarmLines(results.alarms)) terminal.out(`alarm: ${line}\n`);
          terminal.out(`\nnumbers: ${join(run.out, "results.json")}\nreport: ${join(run.out, "evaluation.html")}\n`);
        }
        const tested = checkGates(
          { ...results.evaluation, runs: results.evaluation.runs.filter(({ name }) => names.includes(name)) },
          gates,
        );
        for (const { gate, run: name, actual, passed, detail } of tested)
          terminal.err(
            `${passed ? "holds" : "does not hold"}: ${gate} for ${name}: ${actual ?? "no number"} (${detail})\n`,
          );
        held = tested.every(({ passed }) => passed);
      });
    const code = await runProgram(program, args);
    return code === EXIT.ok && !held ? EXIT.notMet : code;
  },
};
