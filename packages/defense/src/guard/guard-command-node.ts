import type { Command } from "../command/command.js";
import { createProgram, runProgram } from "../command/program-node.js";
import { addAssess } from "./commands/assess-command-node.js";
import { addCalibrate } from "./commands/calibrate-command-node.js";
import { addServe } from "./commands/serve-command-node.js";

/** `videosafety guard calibrate | assess | serve`. */
export const command: Command = {
  async run(args, terminal, signal) {
    const program = createProgram("guard", "calibrate a guard, assess files, serve a guarded endpoint", terminal);
    for (const add of [addCalibrate, addAssess, addServe]) add(program, terminal, signal);
    return runProgram(program, args);
  },
};
