import { Command as CommanderCommand, CommanderError } from "commander";
import { EXIT, type Terminal } from "./command.js";

/** A commander program that writes to a terminal and throws where it would end the process. */
export function createProgram(name: string, description: string, terminal: Terminal): CommanderCommand {
  return new CommanderCommand(name)
    .description(description)
    .exitOverride()
    .showHelpAfterError(`(videosafety ${name} --help lists the options)`)
    .allowExcessArguments(false)
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text) });
}

/**
 * Parses the arguments and runs the action that fits.
 *
 * @returns 0 after an action that finished or `--help`, 2 for wrong usage (already said)
 * @throws whatever the action throws
 */
export async function runProgram(program: CommanderCommand, args: readonly string[]): Promise<number> {
  try {
    await program.parseAsync([...args], { from: "user" });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    throw error;
  }
}
