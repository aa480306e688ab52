import { createRequire } from "node:module";
import { closest } from "../command/closest.js";
import { EXIT, type Terminal } from "../command/command.js";
import { DefenseError, isDiskFull } from "../errors.js";
import { COMMANDS } from "./commands.js";

const version = (): string =>
  (createRequire(import.meta.url)("@videosafety/defense/package.json") as { version: string }).version;

const usage = (): string =>
  `usage: videosafety <command> [options]      videosafety <command> --help

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`)
  .join("\n")}

Results go to standard output, progress to standard error. Exit code: 0 done, 1 failed, 2 wrong usage, 3 a gate does not hold, 130 interrupted.
`;

/**
 * The `videosafety` program.
 *
 * @param argv arguments after the program's name
 * @returns the exit code, see {@link EXIT}
 */
export async function main(argv: readonly string[], terminal: Terminal, signal: AbortSignal): Promise<number> {
  const [name, ...args] = argv;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    (name === undefined ? terminal.err : terminal.out)(usage());
    return name === undefined ? EXIT.usage : EXIT.ok;
  }
  if (name === "--version" || name === "-V") {
    terminal.out(`${version()}\n`);
    return EXIT.ok;
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined) {
    const near = closest(name, Object.keys(COMMANDS));
    terminal.err(
      `videosafety: expected a command, found ${JSON.stringify(name)}${near === null ? "" : `: did you mean ${near}?`}\n${usage()}`,
    );
    return EXIT.usage;
  }
  try {
    return await (await entry.load()).command.run(args, terminal, signal);
  } catch (error) {
    if (signal.aborted) {
      const reason = signal.reason instanceof Error ? signal.reason.message : "interrupted";
      terminal.err(`videosafety ${name}: ${reason}\n`);
      return EXIT.interrupted;
    }
    const code = isDiskFull(error) ? "disk-full" : (error as { code?: unknown }).code;
    const shown = typeof code === "string" ? ` [${code}]` : "";
    terminal.err(`videosafety ${name}: ${error instanceof Error ? error.message : String(error)}${shown}\n`);
    return error instanceof DefenseError && error.code === "usage" ? EXIT.usage : EXIT.failed;
  }
}
