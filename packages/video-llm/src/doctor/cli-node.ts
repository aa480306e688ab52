import { parseArgs } from "node:util";
import type { Precision } from "../checkpoint/precision.js";
import { VideoLlmError } from "../errors.js";
import { inspectModel } from "./doctor-node.js";
import { formatReport } from "./format-report.js";

/** Where the command line writes; tests pass their own. */
export interface CliStreams {
  /** Results. */
  readonly out: (text: string) => unknown;
  /** Progress and errors. */
  readonly err: (text: string) => unknown;
}

const standard: CliStreams = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
};

const USAGE = `usage: video-llm doctor <id or directory> [options]

Says what a model is, what memory it takes at each precision, what differs from transformers, and whether it loads.
Exit code: 0 it loads, 1 it does not, 2 wrong usage.

  --load                 load the weights (an id's are downloaded) and answer one token
  --precision <name>     for --load: float32, bfloat16, float16, int8 or int4
  --revision <name>      branch, tag or commit of an id
  --offline              ask no server
  --json                 the report as JSON
`;

/**
 * Runs the `video-llm` command line.
 *
 * @param args without the program's name
 * @returns the exit code: 0 the model loads, 1 it does not, 2 wrong usage
 */
export async function main(args: readonly string[], streams: CliStreams = standard): Promise<number> {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    streams.err(`video-llm: ${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  const { values, positionals } = parsed;
  if (values.help) {
    streams.out(USAGE);
    return 0;
  }
  const [command, model] = positionals;
  if (command !== "doctor" || model === undefined || positionals.length > 2) {
    streams.err(`video-llm: expected doctor and one model, found ${JSON.stringify(positionals)}\n${USAGE}`);
    return 2;
  }
  try {
    const report = await inspectModel(model, {
      load: values.load ?? false,
      ...(values.precision === undefined ? {} : { precision: values.precision as Precision }),
      ...(values.revision === undefined ? {} : { revision: values.revision }),
      ...(values.offline ? { offline: true } : {}),
    });
    streams.out(values.json ? `${JSON.stringify(report, null, 2)}\n` : formatReport(report));
    return report.answered === false ? 1 : 0;
  } catch (error) {
    const code = error instanceof VideoLlmError ? ` [${error.code}]` : "";
    streams.err(`video-llm: it does not load${code}: ${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof VideoLlmError && error.code === "invalid-options" ? 2 : 1;
  }
}

const parse = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      load: { type: "boolean" },
      precision: { type: "string" },
      revision: { type: "string" },
      offline: { type: "boolean" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
