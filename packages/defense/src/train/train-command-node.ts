import { InvalidArgumentError } from "commander";
import { type Command, EXIT, type Terminal } from "../command/command.js";
import { collect, natural } from "../command/option-readers.js";
import { createProgram, runProgram } from "../command/program-node.js";
import { DefenseError, isDiskFull } from "../errors.js";
import { EventLog, readEvents } from "../progress/event-log-node.js";
import { ProgressLines } from "../progress/progress-lines.js";
import type { LoggedEvent } from "../progress/run-event.js";
import { runPage } from "../progress/run-page.js";
import { loadRunFile, type RunFlags } from "../run-file/load-run-file-node.js";
import { PRESET_NAMES } from "../run-file/run-schema.js";
import { estimateRun } from "./dry-run-node.js";
import { formatChecked, formatEstimate } from "./format-dry-run.js";
import { type CheckedRun, checkRun } from "./preflight-node.js";
import { RunFolder, runIdentity, writeWhole } from "./run-folder-node.js";
import { trainRun } from "./train-run-node.js";

interface Flags extends RunFlags {
  readonly resume: boolean;
  readonly dryRun: boolean;
  readonly measure: boolean;
  readonly json: boolean;
}

/** Seconds after which a page loads itself again, and least milliseconds between two of its writings. */
const REFRESH_SECONDS = 5;
const PAGE_MILLISECONDS = 2000;

function numbers(text: string): number[] {
  const found = text.split(",").map(Number);
  if (found.every((one) => [1, 2, 3, 4].includes(one))) return found;
  throw new InvalidArgumentError("expected numbers of stages, such as 1,2");
}

/** `videosafety train run.yaml`. */
export const command: Command = {
  async run(args, terminal, signal) {
    let code: number = EXIT.ok;
    const program = createProgram("train", "train the stages of a run file, checkpoint by checkpoint", terminal)
      .argument("<run.yaml>", "the run file; videosafety schema describes it")
      .option(
        "--set <path=value>",
        "put a value over the file's, e.g. stages.0.learningRate=1e-4 (repeatable)",
        collect,
        [],
      )
      .option("--out <folder>", "run folder, instead of the file's")
      .option("--preset <name>", `settings to start from: ${PRESET_NAMES.join(", ")}`)
      .option("--model <id or directory>", "model, instead of the file's")
      .option("--seed <n>", "seed, instead of the file's", natural)
      .option("--stages <list>", "only these of the file's stages, e.g. 1,2", numbers)
      .option("--resume", "go on with the run in the folder, at the checkpoint it had reached", false)
      .option("--dry-run", "check everything, count, measure one step of each stage, and write nothing", false)
      .option("--no-measure", "with --dry-run: load the model and count, but measure no step")
      .option("--json", "events (with --dry-run: estimates) as JSON Lines on standard output", false)
      .action(async (path: string, flags: Flags) => {
        const checked = await checkRun(await loadRunFile(path, flags), signal);
        if (flags.dryRun) await dryRun(checked, flags, terminal, signal);
        else await inEnglish(checked.run.out, () => train(checked, flags, terminal, signal));
      });
    const parsed = await runProgram(program, args);
    if (parsed !== EXIT.ok) code = parsed;
    return code;
  },
};

async function dryRun(
  checked: CheckedRun,
  { json, measure }: Flags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  if (!json) terminal.out(formatChecked(checked));
  let seconds = 0;
  for await (const estimate of estimateRun(checked, measure, signal)) {
    terminal.out(json ? `${JSON.stringify(estimate)}\n` : formatEstimate(estimate));
    seconds += (estimate.secondsPerStep ?? 0) * estimate.steps;
  }
  if (!json && measure)
    terminal.out(`all stages: about ${(seconds / 3600).toPrecision(3)} hours of steps on this machine\n`);
}

async function train(
  checked: CheckedRun,
  { resume, json }: Flags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const { run, stages, modelHash } = checked;
  const folder = await RunFolder.open(run, runIdentity(run, stages, modelHash), resume);
  const title = `videosafety: ${run.out.split(/[\\/]/).at(-1)}`;
  const page = folder.file("progress.html");
  try {
    const events: LoggedEvent[] = await readEvents(folder.file("events.jsonl"));
    const log = await EventLog.open(folder.file("events.jsonl"));
    const lines = new ProgressLines(terminal);
    terminal.err(`everything is kept in ${run.out}; open ${page} while it runs\n`);
    let written = 0;
    try {
      for await (const event of trainRun({ checked, folder, signal })) {
        lines.show(event);
        if (json) terminal.out(`${JSON.stringify(event)}\n`);
        events.push({ ...event, time: new Date().toISOString() });
        await log.add(event);
        if (performance.now() - written < PAGE_MILLISECONDS && event.type !== "run-start") continue;
        written = performance.now();
        writePage(page, () => runPage(title, events, REFRESH_SECONDS));
      }
    } finally {
      await log.close();
      const all = await readEvents(folder.file("events.jsonl"));
      writePage(page, () => runPage(title, all, null));
    }
    if (!json) for (const { name } of stages) terminal.out(`${folder.file("models", name)}\n`);
  } finally {
    await folder.close();
  }
}

/** A full disk in words; what was saved before stays. */
async function inEnglish(out: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    if (!isDiskFull(cause)) throw cause;
    throw new DefenseError(
      "disk-full",
      `${out}: no space left on the disk; free some, then go on with --resume: nothing that was saved is lost`,
      { cause },
    );
  }
}

/** A page is a view of the events: a disk that is full is told by what has to be saved. */
function writePage(path: string, page: () => string): void {
  try {
    writeWhole(path, page());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}
