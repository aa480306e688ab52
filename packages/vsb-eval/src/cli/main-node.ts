import { createRequire } from "node:module";
import { Command, CommanderError, Option } from "commander";
import { z } from "zod";
import { evalConfigJsonSchema } from "../config/eval-config.js";
import { matrixConfigJsonSchema } from "../config/matrix-config.js";
import { judgeFlags, judgeFlagsSchema, runFlags, runFlagsSchema } from "../config/run-flags.js";
import { ITEM_FORMATS } from "../data/item-formats.js";
import { VsbEvalError } from "../errors.js";
import { createRuleJudge } from "../judge/rule-judge.js";
import { matrixCommand } from "../matrix/matrix-command-node.js";
import { RUN_DIFFERENCES, type RunDifferenceKind } from "../run/records/run-differences.js";
import { auditCommand } from "./audit-command-node.js";
import { buildCommand } from "./build-command-node.js";
import { EXIT } from "./exit-codes.js";
import { mergeCommand, workerCommand } from "./queue-commands-node.js";
import { compareCommand, gateCommand, reportCommand, scoreCommand } from "./report-commands-node.js";
import { judgeCommand, RETRIED, retryCommand, runCommand } from "./run-commands-node.js";
import { type Terminal, visibleTerminal } from "./terminal.js";
import { validateCommand } from "./validate-command-node.js";
import { viewCommand } from "./view-command-node.js";

export { EXIT };

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function collectDifference(value: string, list: readonly RunDifferenceKind[]): RunDifferenceKind[] {
  const kind = RUN_DIFFERENCES.find((one) => one === value);
  if (kind !== undefined) return [...list, kind];
  throw new VsbEvalError("invalid_input", `--allow: expected one of ${RUN_DIFFERENCES.join(", ")}, found "${value}"`);
}

const collect = (value: string, list: string[] | undefined): string[] => [...(list ?? []), value];

/** Flags that also have a `--no-` form, which sends nothing. */
const OFF: ReadonlySet<string> = new Set(["temperature", "topP", "seed"]);

/** Commander options from a zod shape: descriptions have one home. Those that take a list may be given several times. */
function addFlags(command: Command, flags: Readonly<Record<string, z.ZodType>>): Command {
  for (const [name, schema] of Object.entries(flags)) {
    const { description = "", placeholder } = (schema.meta() ?? {}) as { description?: string; placeholder?: string };
    const option = new Option(`--${kebab(name)}${placeholder === undefined ? "" : ` <${placeholder}>`}`, description);
    if (schema.safeParse(["x"]).success) option.argParser(collect);
    command.addOption(option);
    if (OFF.has(name)) command.addOption(new Option(`--no-${kebab(name)}`).hideHelp());
  }
  return command;
}

function parseFlags<T>(schema: z.ZodType<T>, flags: unknown): T {
  const parsed = schema.safeParse(flags);
  if (parsed.success) return parsed.data;
  throw new VsbEvalError("invalid_input", z.prettifyError(parsed.error));
}

/** This package's version, wherever it is built to. */
const version = (): string =>
  (createRequire(import.meta.url)("@videosafety/vsb-eval/package.json") as { version: string }).version;

/**
 * The `vsb-eval` program.
 *
 * @param argv arguments after the program's name.
 * @returns the exit code, see {@link EXIT}.
 */
export async function main(
  argv: readonly string[],
  raw: Terminal,
  signal: AbortSignal = new AbortController().signal,
): Promise<number> {
  // Texts of servers, models and files pass here; only the progress line moves the cursor.
  const terminal = visibleTerminal(raw);
  let code: number = EXIT.ok;
  const set = (found: number): void => {
    code = found;
  };
  const check = (holds: boolean): void => {
    if (!holds) code = EXIT.notMet;
  };
  const format = (): Option =>
    new Option("--format <name>", "layout of the items' file").choices(ITEM_FORMATS).default("vsb");
  const program = new Command("vsb-eval")
    .description("How safe is a Video LLM? Arms, judges, intervals, reports and gates.")
    .version(version(), "-V, --version", "print the version")
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
    addFlags(command(name, description), runFlags)
      .addHelpText(
        "after",
        "\n<items> is an items' file, or a configuration (.yaml; `vsb-eval schema` describes it) that the flags override.\nBehind a proxy set HTTPS_PROXY; for a certificate authority of your own set NODE_EXTRA_CA_CERTS.",
      )
      .action(async (path: string, flags: unknown) =>
        set(await action(path, parseFlags(runFlagsSchema, flags), raw, signal)),
      );
  evaluate("run <items>", "ask a model every item under every arm and judge the answers", runCommand);
  evaluate("worker <items>", "take units from run --queue, with the same flags but an --out of its own", workerCommand);
  command("merge <out> <runs...>", "join workers' folders into one run folder").action(async (out, folders) =>
    set(await mergeCommand(out, folders, terminal)),
  );
  command("matrix <config>", "attacks against defenses: one results file and one page with heatmap, curves and clips")
    .option("--report", "ask nobody: write results and page of what is there", false)
    .option("--json", "print the results as JSON", false)
    .addHelpText(
      "after",
      "\n<config> is a YAML file; `vsb-eval schema matrix` describes it. The same command again resumes.",
    )
    .action((path, options) => matrixCommand(path, options, raw, terminal, signal));
  command("schema", "print the JSON Schema of the configuration")
    .argument("[which]", "run (default) or matrix", "run")
    .action((which: string) => {
      const schemas: Record<string, () => object> = { run: evalConfigJsonSchema, matrix: matrixConfigJsonSchema };
      const schema = Object.hasOwn(schemas, which) ? schemas[which] : undefined;
      if (schema === undefined) throw new VsbEvalError("invalid_input", `expected run or matrix, found "${which}"`);
      terminal.out(`${JSON.stringify(schema(), null, 1)}\n`);
    });

  const failOnError = { failOnError: runFlags.failOnError };
  addFlags(command("judge <run>", "judge a run's answers again"), { ...judgeFlags, ...failOnError }).action(
    async (folder: string, flags: unknown) =>
      set(await judgeCommand(folder, parseFlags(judgeFlagsSchema.extend(failOnError), flags), raw, signal)),
  );
  addFlags(
    command("retry <run>", "ask units again that ended badly").requiredOption(
      "--outcome <names>",
      `comma-separated, of ${RETRIED.join(", ")}`,
    ),
    failOnError,
  ).action(async (folder: string, { outcome, ...flags }: { outcome: string }) =>
    set(await retryCommand(folder, { outcome, ...parseFlags(z.strictObject(failOnError), flags) }, raw, signal)),
  );

  command("audit", "replay published answers (errors, cuts, quotes, ten languages) through the rule judge's scoring")
    .option("--json", "print JSON, for tools/audit", false)
    .action(async ({ json }: { json: boolean }) => check(await auditCommand(createRuleJudge(), json, terminal)));

  const judgeChoice = ["--judge <id>", "whose verdicts count, whole or in part (default: each run's last)"] as const;
  const allowChoice = [
    "--allow <kind>",
    `go on although runs differ in: ${RUN_DIFFERENCES.join(", ")} (repeatable)`,
    collectDifference,
    [] as RunDifferenceKind[],
  ] as const;
  command("score <runs...>", "print the table and write results.json")
    .option("--out <file>", "results file (default: results.json in the first run)")
    .option("--json", "print JSON", false)
    .option(...judgeChoice)
    .option(...allowChoice)
    .action((folders, options) => scoreCommand(folders, options, terminal));

  command("report <runs...>", "write one self-contained HTML file")
    .option("--out <file>", "the page", "report.html")
    .option("--frames <n>", "items whose frames the page holds, those on which runs differ first", Number, 30)
    .option("--minimum-cell <n>", "heatmap cells with fewer units are grey", Number, 30)
    .option(...judgeChoice)
    .option(...allowChoice)
    .action((folders, options) => reportCommand(folders, options, terminal));

  command("view <runs...>", "serve the samples of runs on this machine, to read them in a browser")
    .option("--port <n>", "port on the loopback interface (default: a free one)", Number, 0)
    .option(...judgeChoice)
    .action((folders, options) => viewCommand(folders, options, terminal, signal));

  command("compare <runs...>", "paired differences of two runs (of one folder or two), and the items that flipped")
    .option("--json", "print JSON", false)
    .option(...judgeChoice)
    .option(...allowChoice)
    .action((folders, options) => compareCommand(folders, options, terminal));

  command("gate <runs...>", "exit 3 unless every gate holds for every run")
    .requiredOption("--gate <condition>", "e.g. dsr.hh.lower>=0.85 (repeatable)", collect, [])
    .option("--junit <file>", "write a JUnit report")
    .option(...judgeChoice)
    .option(...allowChoice)
    .action(async (folders, { gate, ...options }) => check(await gateCommand(folders, gate, options, terminal)));

  command("build <videos>", "make a benchmark from a folder of clips: filter, annotate, ask, split, datasheet")
    .requiredOption("--out <folder>", "gets items.jsonl, dropped.jsonl and DATASHEET.md")
    .requiredOption("--base-url <url>", "OpenAI-compatible server of the annotators")
    .option("--api-key-env <variable>", "variable that holds the server's key")
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
