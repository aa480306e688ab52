import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import * as z from "zod/mini";
import { type DiversityRow, diversityTable } from "../diversity/diversity-table.js";
import { type DiversityText, diversityOptionsSchema, measureDiversity } from "../diversity/measure-diversity.js";
import { RECORD_PARTS, type RecordPart, recordText } from "../diversity/record-text.js";
import { FileLockError, GenerationError, GrammarError, RecordError } from "../errors.js";
import { estimateFromFile, generateToFolder } from "../generate/generate-folder-node.js";
import type { GenerationReport } from "../generate/generate-records.js";
import { parseJsonl } from "../jsonl/jsonl.js";
import { readJsonl } from "../jsonl/jsonl-node.js";
import { isLanguageTag } from "../taxonomy/languages.js";

const HELP = `safety-data <command>

  generate CONFIG.json --out FOLDER   write safety-reasoning records from a grammar and, where it says so, from a model
      --resume                        go on with what the folder holds
      --dry-run                       say what it would take and cost at most; asks nobody, writes nothing
  diversity FILE...                   measure how varied records are, by language (- reads standard input)
      --part query|answer|think       which part of each record (default query)
      --language TAG                  of records that name none (default und)
      --sample N                      texts per language, drawn by the seed (default 5000): compare sets at one size
      --seed N                        of the draw (default 1)
      --order N                       longest n-gram of distinct-n and self-BLEU (default 4)
      --smoothing METHOD              method0, method1 or method2 of nltk (default method1)
      --json                          all measures as JSON instead of a table
  --help, --version

Results go to standard output, progress to standard error. Exit codes: 0 ok, 1 failed, 2 wrong usage.
`;

/** Where the command line reads and writes; tests pass their own. */
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

class UsageError extends Error {}

/**
 * Runs the `safety-data` command line.
 * @param args without the program's name
 * @returns the exit code: 0 ok, 1 failed, 2 wrong usage
 */
export async function main(args: readonly string[], streams: CliStreams = standard): Promise<number> {
  const [command, ...rest] = args;
  try {
    if (command === "generate") return await generate(rest, streams);
    if (command === "diversity") return await diversity(rest, streams);
    if (command === "--version") streams.out(`${version()}\n`);
    else if (command === "--help" || command === "help") streams.out(HELP);
    else throw new UsageError(`expected generate or diversity, found ${command ?? "nothing"}`);
    return 0;
  } catch (error) {
    const usage =
      error instanceof UsageError || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS") === true;
    const message =
      error instanceof z.core.$ZodError
        ? error.issues.map(({ path, message }) => `${path.join(".") || "configuration"}: ${message}`).join("\n")
        : (error as Error).message;
    const expected = [FileLockError, GenerationError, GrammarError, RecordError, z.core.$ZodError].some(
      (type) => error instanceof type,
    );
    streams.err(`safety-data: ${message}\n${usage ? "Try safety-data --help\n" : ""}`);
    if (!usage && !expected && process.env.SAFETY_DATA_DEBUG) streams.err(`${(error as Error).stack}\n`);
    return usage ||
      (error instanceof GenerationError && error.code === "config") ||
      error instanceof z.core.$ZodError ||
      error instanceof GrammarError
      ? 2
      : 1;
  }
}

const version = (): string =>
  (createRequire(import.meta.url)("@videosafety/safety-data/package.json") as { version: string }).version;

async function generate(args: string[], { out, err }: CliStreams): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { out: { type: "string" }, resume: { type: "boolean" }, "dry-run": { type: "boolean" } },
  });
  const [config] = positionals;
  if (config === undefined || positionals.length > 1)
    throw new UsageError(`expected one configuration file, found ${positionals.length}`);
  if (values["dry-run"]) {
    out(`${JSON.stringify(await estimateFromFile(config), null, 2)}\n`);
    return 0;
  }
  if (values.out === undefined) throw new UsageError("expected --out FOLDER");
  const abort = new AbortController();
  const stop = (): void =>
    abort.abort(new GenerationError("incomplete", "stopped by a signal: run again with --resume to go on"));
  process.once("SIGINT", stop).once("SIGTERM", stop);
  let shown = 0;
  try {
    const report = await generateToFolder(config, values.out, {
      resume: values.resume === true,
      signal: abort.signal,
      onProgress: ({ stage, done, of, cost }) => {
        if (Date.now() - shown < 2000 && done < of) return;
        shown = Date.now();
        err(`${stage}: ${done} of ${of}, cost so far ${cost.toFixed(4)}\n`);
      },
    });
    out(summary(report));
    if (report.kept > 0) return 0;
    err("safety-data: expected records, found none that passed: see dropped.jsonl\n");
    return 1;
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}

const number = (value: number | null | undefined): string => (value == null ? "-" : value.toFixed(3));

/** A report for readers. */
function summary({ planned, kept, dropped, judges, cost, requests, requestsWithoutUsage }: GenerationReport): string {
  const lines = [`${kept} of ${planned} records kept`];
  for (const [reason, count] of Object.entries(dropped)) lines.push(`  dropped, ${reason}: ${count}`);
  if (judges !== null) {
    const { units, observed, krippendorffAlpha, gwetAc1 } = judges.between;
    lines.push(
      `judges: ${units} records with two votes or more, observed agreement ${number(observed)}, Krippendorff's alpha ${number(krippendorffAlpha)}, Gwet's AC1 ${number(gwetAc1)}`,
    );
    for (const [judge, { votes, share }] of Object.entries(judges.withIntended))
      lines.push(`  ${judge}: ${votes} votes, ${number(share)} as intended`);
  }
  if (requests > 0)
    lines.push(
      `${requests} answers paid, cost ${cost.toFixed(4)}${requestsWithoutUsage > 0 ? ` or more: ${requestsWithoutUsage} without token counts` : ""}`,
    );
  return `${lines.join("\n")}\n`;
}

async function diversity(args: string[], { out, err }: CliStreams): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      part: { type: "string", default: "query" },
      language: { type: "string", default: "und" },
      sample: { type: "string" },
      seed: { type: "string" },
      order: { type: "string" },
      smoothing: { type: "string" },
      json: { type: "boolean" },
    },
  });
  if (positionals.length === 0) throw new UsageError("expected a file, found none");
  if (!(RECORD_PARTS as readonly string[]).includes(values.part))
    throw new UsageError(`--part: expected ${RECORD_PARTS.join(", ")}, found ${values.part}`);
  if (!isLanguageTag(values.language))
    throw new UsageError(`--language: expected a BCP-47 tag such as en, found ${values.language}`);
  const { part, language, json, ...rest } = values;
  const options = diversityOptionsSchema.safeParse(
    Object.fromEntries(
      Object.entries(rest).map(([name, value]) => [name, name === "smoothing" ? value : Number(value)]),
    ),
  );
  if (!options.success)
    throw new UsageError(options.error.issues.map(({ path, message }) => `--${path.join(".")}: ${message}`).join("; "));
  const reports: Record<string, unknown> = {};
  const rows: DiversityRow[] = [];
  for (const file of positionals) {
    const { texts, without } = await readTexts(file, part as RecordPart, language);
    if (texts.length === 0)
      throw new RecordError("invalid-record", `${file}: expected records with a ${part}, found none`);
    if (without > 0) err(`${file}: ${without} records have no ${part}\n`);
    const report = await measureDiversity(texts, options.data);
    reports[file] = { part, without, ...report };
    for (const [tag, measures] of Object.entries(report.languages))
      rows.push([positionals.length > 1 ? `${file} ${tag}` : tag, measures]);
  }
  out(
    json
      ? `${JSON.stringify(reports, null, 2)}\n`
      : diversityTable(rows, positionals.length > 1 ? "file and language" : "language"),
  );
  return 0;
}

/** The texts of a part, and how many records have none. Any bad line fails. */
async function readTexts(
  file: string,
  part: RecordPart,
  language: string,
): Promise<{ texts: DiversityText[]; without: number }> {
  const records = file === "-" ? parseJsonl(process.stdin, { source: "standard input" }) : readJsonl(file);
  const texts: DiversityText[] = [];
  let without = 0;
  let line = 0;
  for await (const record of records) {
    line++;
    try {
      const text = recordText(record, part, language);
      if (text === null) without++;
      else texts.push(text);
    } catch (error) {
      if (error instanceof RecordError) throw new RecordError(error.code, `${file}, record ${line}: ${error.message}`);
      throw error;
    }
  }
  return { texts, without };
}
