import type { Command } from "../command/command.js";

/** A command of the table: what it is for, and where it lives. */
export interface CommandEntry {
  /** One line for `--help`. */
  readonly summary: string;
  /** Loads the room that does the work; nothing of it is loaded before. */
  load(): Promise<{ readonly command: Command }>;
}

/** Every command of `videosafety`, in the order in which a user meets them. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  guard: {
    summary: "calibrate a guard, assess files, serve a guarded OpenAI-compatible endpoint",
    load: () => import("../guard/guard-command-node.js"),
  },
};
