import { spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Command, EXIT } from "../command/command.js";
import { collect, natural, positiveWhole } from "../command/option-readers.js";
import { createProgram, runProgram } from "../command/program-node.js";
import { DefenseError } from "../errors.js";
import type { RunResultsFile } from "../evaluate/write-results-node.js";
import { loadRunFile } from "../run-file/load-run-file-node.js";
import { resolveStages } from "../run-file/resolve-stages.js";
import { writeWhole } from "../train/run-folder-node.js";
import { type SweepResult, type SweepResults, sweepPage } from "./sweep-page.js";
import { parseSetting, type SweepPoint, sweepPoints } from "./sweep-plan.js";

interface Flags {
  readonly over: readonly string[];
  readonly set: readonly string[];
  readonly sobol?: number;
  readonly jobs: number;
  readonly out: string;
  readonly seed?: number;
  readonly dryRun: boolean;
}

/** `videosafety sweep run.yaml`. */
export const command: Command = {
  async run(args, terminal, signal) {
    let failed = 0;
    const program = createProgram(
      "sweep",
      "train and evaluate a run file at many settings, in processes of their own; the same command goes on",
      terminal,
    )
      .argument("<run.yaml>", "the run file")
      .requiredOption(
        "--over <path=values>",
        "a setting: path=0,0.1,1 or, with --sobol, path=0.01..1[:log] (repeatable)",
        collect,
      )
      .option("--sobol <n>", "n points of a Sobol sequence instead of every combination", positiveWhole)
      .option("--set <path=value>", "put a value over the file's in every run (repeatable)", collect, [])
      .option("--seed <n>", "seed of every run", natural)
      .option("--jobs <n>", "runs at a time", positiveWhole, 1)
      .requiredOption("--out <folder>", "gets a run folder per point, sweep.json and sweep.html")
      .option("--dry-run", "check every point and list them", false)
      .action(async (path: string, flags: Flags) => {
        const settings = flags.over.map(parseSetting);
        const points = sweepPoints(settings, flags.sobol ?? null);
        const paths = settings.map((one) => one.path);
        // Every point is checked before the first one trains.
        for (const point of points) {
          const run = await loadRunFile(path, { set: assignments(point, flags), out: flags.out });
          resolveStages(run);
          if (run.evaluation === undefined)
            throw new DefenseError(
              "invalid-run-file",
              `${path}: expected evaluation in the run file, which a sweep compares runs by, found none`,
            );
        }
        if (flags.dryRun) {
          for (const point of points) terminal.out(`${point.name}: ${assignments(point, { set: [] }).join(" ")}\n`);
          return;
        }
        const results = new Map<string, SweepResult>();
        const write = (): SweepResults => {
          const found = { settings: paths, points: points.flatMap(({ name }) => results.get(name) ?? []) };
          mkdirSync(flags.out, { recursive: true });
          writeWhole(join(flags.out, "sweep.json"), `${JSON.stringify(found, null, 2)}\n`);
          writeWhole(join(flags.out, "sweep.html"), sweepPage(found));
          return found;
        };
        const waiting = [...points];
        const worker = async (): Promise<void> => {
          for (let point = waiting.shift(); point !== undefined; point = waiting.shift()) {
            signal.throwIfAborted();
            const result = await runPoint(path, point, flags, signal);
            results.set(point.name, result);
            write();
            terminal.err(`${results.size}/${points.length} ${point.name}: ${result.problem ?? "done"}\n`);
          }
        };
        await Promise.all(Array.from({ length: Math.min(flags.jobs, points.length) }, worker));
        const found = write();
        failed = found.points.filter(({ problem }) => problem !== null).length;
        const percent = (share: number | null | undefined): string =>
          share == null ? "-" : `${(100 * share).toFixed(1)} %`;
        for (const { name, settings: own, rates, problem } of found.points)
          terminal.out(
            `${name}  ${paths.map((one) => `${one}=${own[one]}`).join("  ")}  HH ${percent(rates?.dsrHh)}  SH ${percent(rates?.dsrSh)}  FRR ${percent(rates?.frr)}${problem === null ? "" : `  ${problem}`}\n`,
          );
        terminal.out(`\n${join(flags.out, "sweep.json")}\n${join(flags.out, "sweep.html")}\n`);
      });
    const code = await runProgram(program, args);
    return code === EXIT.ok && failed > 0 ? EXIT.failed : code;
  },
};

const assignments = ({ settings }: SweepPoint, { set }: Pick<Flags, "set">): string[] => [
  ...set,
  ...Object.entries(settings).map(([path, value]) => `${path}=${value}`),
];

/** Trains and evaluates a point, unless it is complete; what went wrong is its result, and the other points go on. */
async function runPoint(path: string, point: SweepPoint, flags: Flags, signal: AbortSignal): Promise<SweepResult> {
  const out = resolve(flags.out, point.name);
  const seed = flags.seed === undefined ? [] : ["--seed", String(flags.seed)];
  const sets = assignments(point, flags).flatMap((one) => ["--set", one]);
  const { name, settings } = point;
  try {
    await child(["train", path, ...sets, ...seed, "--out", out, "--resume"], signal);
    const evaluated = await child(["evaluate", out], signal, [EXIT.ok, EXIT.notMet]);
    const results = JSON.parse(readFileSync(join(out, "results.json"), "utf8")) as RunResultsFile;
    const checkpoint = results.checkpoints.at(-1) ?? "base";
    const row = results.evaluation.summary.find((one) => one.name === checkpoint);
    if (row === undefined) throw new Error(`results.json: expected numbers of ${checkpoint}, found none`);
    const rates = { dsrHh: row.dsrHh.mean, dsrSh: row.dsrSh.mean, frr: row.frr.mean };
    return { name, settings, checkpoint, rates, problem: evaluated === EXIT.notMet ? "a gate does not hold" : null };
  } catch (error) {
    signal.throwIfAborted();
    return { name, settings, checkpoint: null, rates: null, problem: (error as Error).message };
  }
}

/**
 * Runs this program with other arguments. It ends when this process does, by the channel between them.
 *
 * @param accepted exit codes that are no failure
 * @returns its exit code
 * @throws with the last line of what it said when it fails
 */
function child(args: readonly string[], signal: AbortSignal, accepted: readonly number[] = [EXIT.ok]): Promise<number> {
  return new Promise((done, fail) => {
    const process_ = spawn(process.execPath, [...process.execArgv, process.argv[1] as string, ...args], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    const stop = (): void => void process_.kill("SIGTERM");
    signal.addEventListener("abort", stop, { once: true });
    let said = "";
    process_.stderr?.on("data", (text: Buffer) => {
      said = `${said}${text}`.slice(-4000);
    });
    process_.on("error", fail);
    process_.on("close", (code) => {
      signal.removeEventListener("abort", stop);
      if (code !== null && accepted.includes(code)) done(code);
      else
        fail(
          new Error(
            said
              .trim()
              .split("\n")
              .findLast((line) => line.startsWith("videosafety ")) ?? `exit ${code}`,
          ),
        );
    });
  });
}
