import type { Command } from "../command/command.js";
import { createProgram, runProgram } from "../command/program-node.js";
import { DefenseError } from "../errors.js";

/** `videosafety guard calibrate | assess | serve`. */
export const command: Command = {
  async run(args, terminal) {
    const program = createProgram("guard", "calibrate a guard, assess files, serve a guarded endpoint", terminal);
    for (const name of ["calibrate", "assess", "serve"])
      program.command(name).action(() => {
        throw new DefenseError("usage", `videosafety guard ${name} is not in this version`);
      });
    return runProgram(program, args);
  },
};
