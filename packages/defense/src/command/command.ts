import type { Terminal } from "@videosafety/vsb-eval/pages";

export type { Terminal };

/** One command of `videosafety`, in the room that does its work; the table in `cli` loads it when it is asked for. */
export interface Command {
  /**
   * Runs the command.
   *
   * @param args what stands after the command's name
   * @param signal aborted by Ctrl-C and SIGTERM: stop as soon as the work done so far is safe
   * @returns the exit code, see {@link EXIT}
   * @throws {DefenseError} for what the user can mend: one clear line and exit 1, with code `usage` exit 2
   */
  run(args: readonly string[], terminal: Terminal, signal: AbortSignal): Promise<number>;
}

/** Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a gate does not hold, 130 interrupted. */
export const EXIT = { ok: 0, failed: 1, usage: 2, notMet: 3, interrupted: 130 } as const;
