import type { Command } from "../command/command.js";
import { createProgram, runProgram } from "../command/program-node.js";
import { runFileJsonSchema } from "../run-file/run-schema.js";

/** `videosafety schema`. */
export const command: Command = {
  async run(args, terminal) {
    const program = createProgram("schema", "print the JSON Schema of run files, for editors", terminal).action(() => {
      terminal.out(`${JSON.stringify(runFileJsonSchema(), null, 1)}\n`);
    });
    return runProgram(program, args);
  },
};
