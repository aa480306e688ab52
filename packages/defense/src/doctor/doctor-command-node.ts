import { Option } from "commander";
import { type Command, EXIT } from "../command/command.js";
import { collect } from "../command/option-readers.js";
import { createProgram, runProgram } from "../command/program-node.js";
import { PRECISIONS } from "../run-file/precisions.js";
import { type DoctorRequest, examine, formatDoctor } from "./doctor-node.js";

/** `videosafety doctor`. */
export const command: Command = {
  async run(args, terminal) {
    let faults = 0;
    const program = createProgram(
      "doctor",
      "what this machine, a model and records are like, and what is wrong with them",
      terminal,
    )
      .option("--model <id or directory>", "what it is, whether it would load, memory by precision")
      .option("--load", "load its weights (an id's are downloaded) and answer one token")
      .addOption(new Option("--precision <name>", "for --load").choices(PRECISIONS))
      .option("--revision <name>", "branch, tag or commit of an id")
      .option("--offline", "ask no server")
      .option(
        "--data <file>",
        "JSON Lines of the authors' layouts: what is in them, and every bad record (repeatable)",
        collect,
      )
      .option("--media-root <folder>", "folder that media paths of the records start from", ".")
      .option("--json", "the report as JSON", false)
      .action(async ({ json, ...request }: DoctorRequest & { json: boolean }) => {
        const report = await examine(request);
        terminal.out(json ? `${JSON.stringify(report, null, 2)}\n` : formatDoctor(report));
        faults = report.faults.length;
      });
    const code = await runProgram(program, args);
    return code === EXIT.ok && faults > 0 ? EXIT.failed : code;
  },
};
