import { Command, CommanderError, Option } from "commander";
import { z } from "zod";
import { ITEM_FORMATS, type ItemFormat } from "../data/load-items-node.js";
import { VsbEvalError } from "../errors.js";
import { buildCommand } from "./build-command-node.js";
import { openJudge } from "./open-models-node.js";
import { mergeCommand, workerCommand } from "./queue-commands-node.js";
import { compareCommand, gateCommand, reportCommand, scoreCommand } from "./report-commands-node.js";
import { judgeCommand, runCommand } from "./run-commands-node.js";
import { runConfigSchema, runFlags } from "./run-config.js";
import type { Terminal } from "./terminal.js";
import { validateCommand } from "./validate-command-node.js";

/** Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a gate or a check does not hold, 130 interrupted. */
export const EXIT = { ok: 0, failed: 1, usage: 2, notMet: 3, interrupted: 130 } as const;

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Commander options from a zod shape: descriptions and defaults have one home. */
function addFlags(command: Command, flags: Readonly<Record<string, z.ZodType>>): Command {
  for (const [name, schema] of Object.entries(flags)) {
    const empty = schema.safeParse(undefined);
    const standard = empty.success ? empty.data : undefined;
    const takesValue = typeof standard !== "boolean";
    const shown =
      standard === undefined || standard === false || String(standard) === "" ? "" : ` (default: ${String(standard)})`;
    const option = new Option(`--${kebab(name)}${takesValue ? " <value>" : ""}`, `${schema.description ?? ""}${shown}`);
    if (!empty.success) option.makeOptionMandatory();
    command.addOption(option);
  }
  return command;
}

function parseFlags<T>(schema: z.ZodType<T>, flags: unknown): T {
  const parsed = schema.safeParse(flags);
  if (parsed.success) return parsed.data;
  throw new VsbEvalError("invalid_input", z.prettifyError(parsed.error));
}

const collect = (value: string, list: string[]): string[] => [...list, value];

/**
 * The `vsb-eval` program.
 *
 * @param argv arguments after the program's name.
 * @returns the exit code, see {@link EXIT}.
 */
export async function main(
  argv: readonly string[],
  terminal: Terminal,
  signal: AbortSignal = new AbortController().signal,
): Promise<number> {
  let code: number = EXIT.ok;
  const check = (holds: boolean): void => {
    if (!holds) code = EXIT.notMet;
  };
  const format = (): Option =>
    new Option("--format <name>", "layout of the items' file").choices(ITEM_FORMATS).default("vsb");
  const program = new Command("vsb-eval")
    .description("How safe is a Video LLM? Arms, judges, intervals, reports and gates.")
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text) });
  const command = (name: string, description: string): Command => program.command(name).description(description);

  command("validate <items>", "count a data set and look for what would spoil its numbers")
    .addOption(format())
    .option("--root <folder>", "check that every media file exists below it")
    .option("--expect <counts>", "vsb-77k, or pairs=N,subcategories=N,languages=N")
    .option("--skip-bad", "skip and count malformed lines", false)
    .option("--json", "print JSON", false)
    .action(async (path, options) => check(await validateCommand(path, options, terminal)));

  const evaluate = (name: string, description: string, action: typeof runCommand): Command =>
    addFlags(command(name, description).addOption(format()), runFlags).action(
      (path: string, { format: layout, ...flags }: { format: ItemFormat }) =>
        action(path, layout, parseFlags(runConfigSchema, flags), terminal, signal),
    );
  evaluate("run <items>", "ask a model every item under every arm and judge the answers", runCommand);
  evaluate("worker <items>", "take units from run --queue, with the same flags but an --out of its own", workerCommand);
  command("merge <out> <runs...>", "join workers' folders into one run folder").action((out, folders) =>
    mergeCommand(out, folders, terminal),
  );

  const judgeFlags = z.strictObject({
    judge: runFlags.judge,
    judgeBaseUrl: runFlags.judgeBaseUrl,
    judgeModel: runFlags.judgeModel,
    judgeRevision: runFlags.judgeRevision,
    apiKeyEnv: runFlags.apiKeyEnv,
  });
  addFlags(command("judge <run>", "judge a run's answers again"), judgeFlags.shape).action(
    async (folder: string, flags: unknown) => {
      const judge = await openJudge(parseFlags(judgeFlags, flags));
      if (judge === null) throw new VsbEvalError("invalid_input", "expected a judge other than none");
      await judgeCommand(folder, judge, terminal, signal);
    },
  );

  command("score <runs...>", "print the table and write results.json")
    .option("--out <file>", "results file (default: results.json in the first run)")
    .option("--json", "print JSON", false)
    .action((folders, { out, json }) => scoreCommand(folders, out, json, terminal));

  command("report <runs...>", "write one self-contained HTML file")
    .option("--out <file>", "the page", "report.html")
    .option("--examples <n>", "items with their answers", Number, 30)
    .option("--minimum-cell <n>", "heatmap cells with fewer units are grey", Number, 30)
    .option("--no-blur", "show frames at once")
    .action((folders, options) => reportCommand(folders, options, terminal));

  command("compare <first> <second>", "paired differences of two runs, and the items that flipped")
    .option("--json", "print JSON", false)
    .action((first, second, { json }) => compareCommand(first, second, json, terminal));

  command("gate <runs...>", "exit 3 unless every gate holds for every run")
    .requiredOption("--gate <condition>", "e.g. dsr.hh.lower>=0.85 (repeatable)", collect, [])
    .option("--junit <file>", "write a JUnit report")
    .action(async (folders, { gate, junit }) => check(await gateCommand(folders, gate, junit, terminal)));

  command("build <videos>", "make a benchmark from a folder of clips: filter, annotate, ask, split, datasheet")
    .requiredOption("--out <folder>", "gets items.jsonl, dropped.jsonl and DATASHEET.md")
    .requiredOption("--base-url <url>", "OpenAI-compatible server of the annotators")
    .requiredOption("--annotator <model>", "annotating model (repeat for several)", collect, [])
    .option("--languages <list>", "comma-separated (default: all with templates)")
    .option("--name <name>", "name in the datasheet", "a video safety benchmark")
    .option("--seed <n>", "seed of splits and templates", Number, 0)
    .action((videos, options) => buildCommand(videos, options, terminal, signal));

  try {
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (signal.aborted) {
      terminal.err("stopped; the same command resumes\n");
      return EXIT.interrupted;
    }
    terminal.err(`${(error as Error).message}\n`);
    const usage =
      error instanceof VsbEvalError && ["invalid_input", "invalid_arm", "invalid_gate"].includes(error.code);
    return usage ? EXIT.usage : EXIT.failed;
  }
}
